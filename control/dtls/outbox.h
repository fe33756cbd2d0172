#pragma once
// Datagrams on their way to the workers. A lane that is full holds nobody up: what does not fit waits, within bounds,
// and past those it is dropped, as the network would drop it (DTLS repeats itself).

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "control/dtls/counters.h"
#include "control/dtls/peer.h"
#include "dataplane/sfu/handshake_lane.h"

namespace penstock::control::dtls {

/// Of one handshake thread.
class Outbox {
 public:
  /// `lanes`, by worker, outlive it; it sends only to those that send() names. `most_waiting` datagrams wait at a time.
  Outbox(std::span<sfu::HandshakeLanes* const> lanes, std::function<void(std::uint16_t)> wake, std::size_t most_waiting,
         Counters& counters);

  /// Counts the datagram as sent or lost. Larger than a lane carries: lost.
  void send(const EndpointRef& to, std::span<const std::uint8_t> datagram);
  /// Sends on what waits, and wakes the workers that got something since the last call.
  void flush();
  /// Whether something still waits for room.
  bool waiting() const { return waiting_ > 0; }

 private:
  struct ToWorker {
    std::deque<sfu::HandshakeDatagram> waiting;
    bool wake = false;
  };
  bool pass(std::uint16_t worker, const sfu::HandshakeDatagram& datagram);

  std::vector<sfu::HandshakeLanes*> lanes_;
  std::function<void(std::uint16_t)> wake_;
  std::size_t most_waiting_;
  Counters& counters_;
  std::vector<ToWorker> workers_;
  std::size_t waiting_ = 0;
};

}  // namespace penstock::control::dtls
