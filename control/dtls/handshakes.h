#pragma once
// DTLS-SRTP handshakes (RFC 5763, 5764) on threads of their own: datagrams come from the workers by mailbox and go back
// the same way, keys go to control. Workers never wait for them (DESIGN.md, decision 9).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/dtls/certificate.h"
#include "control/dtls/counters.h"
#include "control/dtls/peer.h"
#include "dataplane/sfu/handshake_lane.h"

namespace penstock::control::dtls {

struct Options {
  unsigned threads = 1;                 ///< worker w is served by thread w % threads
  std::size_t most_endpoints = 65'536;  ///< added at a time, per thread
  std::size_t most_sessions = 2'048;    ///< open OpenSSL sessions at a time, per thread; 74 KB each
  unsigned datagrams_per_s = 200;       ///< taken of one endpoint; short bursts of as many pass
  std::size_t mtu = 1'200;              ///< UDP payload of a datagram that we send, at most; 208 to 1,508
  std::size_t backlog = 1'024;          ///< datagrams that wait for a full lane, per thread; 1.5 KB each
  std::chrono::milliseconds first_retransmission{200};  ///< doubles each time; paths are short, clients start at 50 ms
  std::chrono::milliseconds last_retransmission{6'400};
  std::chrono::milliseconds handshake_timeout{
      30'000};  ///< from the first datagram, or from the checked pair when active
  /// How long a session stays after the handshake when nobody says that media came: the peer may have missed our last
  /// flight and ask for it again (RFC 6347 section 4.2.4).
  std::chrono::milliseconds linger{10'000};
};

/// The pool of handshake threads. Its functions may be called from any one thread at a time, which is control's.
class Handshakes {
 public:
  using Wake = std::function<void(std::uint16_t worker)>;
  using Tell = std::function<void(Report&&)>;

  /// Starts the threads. `lanes`, by worker, outlive this object; their wake_descriptor is set here, so start it before
  /// the workers run, and destroy it when they have ended. `wake` and `tell` are called on a handshake thread and must
  /// not block for long: post to an event loop. The threads inherit the caller's CPU set and take no signals.
  static tl::expected<std::unique_ptr<Handshakes>, std::string> start(const Options& options, Certificate certificate,
                                                                      std::span<sfu::HandshakeLanes* const> lanes,
                                                                      Wake wake, Tell tell);
  /// Ends and joins the threads. Nothing is told afterwards.
  ~Handshakes();
  Handshakes(const Handshakes&) = delete;
  Handshakes& operator=(const Handshakes&) = delete;

  /// Expects an association. Call before the worker hears of the endpoint, so that no datagram comes too early. Adding
  /// an endpoint again, or its slot with another generation, begins a new association in place of the old one
  /// (signaling changed fingerprint, role or tls-id, RFC 8842 section 4). Without that, a peer's fresh ClientHello is
  /// not answered.
  void add(Peer peer);
  /// Forgets the endpoint; no alert is sent. Unknown ones are ignored. Reports that are under way may still come,
  /// as they may of an association that was replaced: compare Report::association.
  void remove(const EndpointRef& endpoint);
  /// A secured endpoint is another worker's from now on: what it says of its association's end comes from there. Where
  /// that worker is another handshake thread's, the association is forgotten, and so its end goes unheard.
  void move(const EndpointRef& from, const EndpointRef& to);
  /// Authentic media came from a secured endpoint: it has our last flight, and its session is freed early. Optional.
  void settle(const EndpointRef& endpoint);

  const Certificate& certificate() const { return certificate_; }
  /// By thread; for metrics.
  std::size_t threads() const { return threads_.size(); }
  const Counters& counters(std::size_t thread) const;

 private:
  class Thread;
  explicit Handshakes(Certificate certificate);
  Thread& thread_of(const EndpointRef& endpoint);

  Certificate certificate_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace penstock::control::dtls
