#pragma once
// The endpoints of one handshake thread and how far each has come: datagrams, requests and time in, datagrams and
// reports out. Bounded in endpoints, in open sessions, and in what one endpoint may cost.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "control/dtls/context.h"
#include "control/dtls/counters.h"
#include "control/dtls/farewell.h"
#include "control/dtls/handshakes.h"
#include "control/dtls/session.h"
#include "control/dtls/token_bucket.h"

namespace penstock::control::dtls {

using Time = std::chrono::steady_clock::time_point;

class Associations {
 public:
  using Send = std::function<void(const EndpointRef&, std::span<const std::uint8_t>)>;

  /// `context` (made with Session::judge) and `counters` outlive it.
  Associations(const Options& options, const Context& context, Counters& counters, Send send, Handshakes::Tell tell);

  void add(Peer peer, Time now);
  void remove(const EndpointRef& endpoint);
  void settle(const EndpointRef& endpoint);
  /// A secured one only; its session is not needed any more. Others are forgotten.
  void move(const EndpointRef& from, const EndpointRef& to);
  /// From a worker's lane.
  void receive(std::uint16_t worker, const sfu::HandshakeDatagram& datagram, Time now);
  /// Retransmits, gives up, frees: whatever is due.
  void advance(Time now);
  /// When advance() has something to do.
  std::optional<Time> next_due() const;

 private:
  using Key = std::uint64_t;  ///< worker and slot

  enum class Phase : std::uint8_t {
    waiting,      ///< for the peer's ClientHello, for a checked pair, or for room for a session
    handshaking,  ///< with a session
    secured,      ///< with a session as long as it may be asked for the last flight
    ended         ///< failed or closed
  };

  struct Association {
    Association(Peer expected, TokenBucket full) : peer(std::move(expected)), bucket(full) {}

    Peer peer;
    TokenBucket bucket;
    Phase phase = Phase::waiting;
    bool pair_checked = false;
    unsigned early_encrypted = 0;  ///< records before the end of the handshake
    std::unique_ptr<Session> session;
    Farewell farewell;             ///< once the session of a secured one is freed
    std::optional<Time> deadline;  ///< of the handshake, then of the session
    std::optional<Time> due;       ///< its place in due_
  };

  static Key key_of(std::uint16_t worker, sfu::EndpointSlot slot) { return Key{worker} << 32 | slot; }
  Association* find(const EndpointRef& endpoint);
  Fate handle(Association& association, std::span<const std::uint8_t> datagram, Time now);
  Fate hear_farewell(Association& association, std::span<const std::uint8_t> datagram);
  bool open_session(Association& association, Time now);
  void start(Association& association, Time now);
  void follow(Association& association, Time now);
  bool secure(Association& association, Time now);
  void end(Association& association, Result result, std::string detail);
  void tell(Report report);
  void release(Association& association);
  void free_session(Association& association);
  void expire(Association& association, Time now);
  void schedule(Association& association, Time now);
  void unschedule(Association& association);

  Options options_;
  const Context& context_;
  Counters& counters_;
  Send send_;
  Handshakes::Tell tell_;
  std::unordered_map<Key, Association> associations_;
  std::set<std::pair<Time, Key>> due_;
};

}  // namespace penstock::control::dtls
