#pragma once
// A WebRTC endpoint on a UDP socket of its own: ICE, DTLS in either role, SRTP and SRTCP both ways.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>
#include <vector>

#include "bench/load/sfu/peer/ice_agent.h"
#include "bench/load/sfu/peer/outbox.h"
#include "bench/load/sfu/peer/parameters.h"
#include "bench/load/sfu/peer/schedule.h"
#include "bench/load/turn/udp_socket.h"
#include "control/dtls/session.h"
#include "dataplane/rtp/header.h"
#include "dataplane/rtp/rtcp.h"
#include "dataplane/srtp/replay_window.h"

namespace penstock::load::peer {

class Inbox;
class Loop;

enum class State : std::uint8_t {
  idle,         ///< connect() was not called yet
  checking,     ///< ICE connectivity checks
  handshaking,  ///< DTLS
  connected,    ///< keys are there: media may flow
  failed,       ///< no answer, refused, or consent lost: Endpoint::failure()
  closed,       ///< the other side ended the DTLS association
};
std::string_view name_of(State state);

/// An authentic packet, not seen before.
struct ReceivedRtp {
  rtp::Header header;
  rtp::Bytes packet;              ///< header and extensions in the clear; what follows is encrypted
  rtp::Bytes payload;             ///< decrypted, with padding if header.padding
  std::uint64_t received_ns = 0;  ///< CLOCK_MONOTONIC, when it was read from the socket
};

/// Whoever uses an endpoint. Called on the loop's thread, which may send but not close endpoints meanwhile.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_state(State state, std::uint64_t now_ns) = 0;
  virtual void on_rtp(const ReceivedRtp& packet) = 0;
  virtual void on_rtcp(const rtp::RtcpCompound& compound, std::uint64_t now_ns) = 0;
};

/// Made and owned by a Loop (loop.h).
class Endpoint final : private Task {
 public:
  ~Endpoint() override;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// What to tell the other side. The one candidate is the socket's address; `setup` is actpass, which suits an offer.
  /// An answer has to name one: active unless the offer says so itself.
  const TransportParameters& local() const { return local_; }
  /// From now on the listener hears of this endpoint; nullptr: nobody. It outlives the endpoint or is taken away
  /// before.
  void listen(Listener* listener) { listener_ = listener; }
  /// Begins with what the other side told. The error says what is missing in it.
  tl::expected<void, std::string> connect(const TransportParameters& remote);

  State state() const { return state_; }
  /// Why it failed or was closed: a sentence.
  const std::string& failure() const { return failure_; }
  /// What the handshake chose, once connected.
  std::optional<srtp::Profile> profile() const { return profile_; }
  /// From connect() to the state connected; 0 before.
  std::uint64_t setup_ns() const { return setup_ns_; }
  /// ICE and DTLS apart: from connect() to the first answered check.
  std::uint64_t ice_ns() const { return ice_ns_; }
  const UdpSocket& socket() const { return socket_; }
  /// What the other side told connect(), and which of its candidates is in use.
  const TransportParameters& remote_parameters() const { return remote_parameters_; }
  const net::Endpoint& remote() const { return remote_; }

  /// The loop's outbox: Outbox::payload(), then send(). Not connected: nothing is sent.
  Outbox& outbox();
  void send(const RtpHead& head, std::size_t payload_bytes) { outbox().add(*this, head, payload_bytes); }
  /// A compound of at most Outbox::kMostRtcp bytes.
  void send_rtcp(std::span<const std::uint8_t> compound) { outbox().add_rtcp(*this, compound); }
  /// Any datagram, at once, as it is: for hostile traffic.
  void send_raw(std::span<const std::uint8_t> datagram);

  /// Reads nothing any more and sends nothing, whatever it is asked to: a link that died. For good.
  void go_silent();
  bool silent() const { return silent_; }

 private:
  friend class Inbox;
  friend class Loop;
  friend class Outbox;

  Endpoint(Loop& loop, std::uint32_t number, UdpSocket socket);

  std::uint64_t run(std::uint64_t now_ns) override;
  void take_stun(std::span<const std::uint8_t> datagram, std::uint64_t now_ns);
  void take_dtls(std::span<const std::uint8_t> datagram, std::uint64_t now_ns);
  void begin_handshake(std::uint64_t now_ns);
  void after_handshake_step(std::uint64_t now_ns);
  void secure(const control::dtls::SrtpKeys& keys, std::uint64_t now_ns);
  void fail(State state, std::string why, std::uint64_t now_ns);
  void set_state(State state, std::uint64_t now_ns);
  std::uint64_t next_due_ns(std::uint64_t now_ns) const;
  srtp::ContextId receive_context() const { return 2 * number_; }
  srtp::ContextId send_context() const { return 2 * number_ + 1; }

  Loop& loop_;
  std::uint32_t number_;  ///< of its SRTP contexts
  UdpSocket socket_;
  TransportParameters local_;
  IceAgent ice_;
  net::Endpoint remote_;
  TransportParameters remote_parameters_;
  std::unique_ptr<control::dtls::Session> handshake_;  ///< until the other side cannot need it any more
  control::dtls::Farewell farewell_;
  std::uint64_t free_handshake_ns_ = UINT64_MAX;
  std::vector<std::uint8_t> early_hello_;  ///< of a DTLS client that was quicker than the answer to our check
  Listener* listener_ = nullptr;
  State state_ = State::idle;
  bool silent_ = false;
  std::optional<srtp::Profile> profile_;
  std::string failure_;
  std::uint64_t began_ns_ = 0, ice_ns_ = 0, setup_ns_ = 0;
  std::unordered_map<std::uint32_t, srtp::ReceiveIndex> streams_;    ///< by SSRC
  std::unordered_map<std::uint32_t, srtp::ReplayWindow> rtcp_seen_;  ///< by SSRC of the first packet
};

}  // namespace penstock::load::peer
