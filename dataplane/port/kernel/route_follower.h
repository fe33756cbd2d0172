#pragma once
// Reads the kernel's routes when they changed, and publishes what workers look up.

#include <cstdint>
#include <functional>
#include <vector>

#include "dataplane/port/kernel/forwarding_state.h"
#include "dataplane/port/kernel/link_model.h"
#include "dataplane/port/kernel/mirror_counters.h"
#include "dataplane/port/kernel/netlink_socket.h"

namespace penstock::port {

/// Routes are read whole, not followed change by change: the kernel removes IPv4 routes without notice when an
/// interface or address goes, and its rules for replacing and appending are many. Reading is paced, so that it takes at
/// most a fifth of the thread's time however large the tables are and however fast they change.
///
/// Used by the mirror's thread only. Time is monotonic milliseconds.
class RouteFollower {
 public:
  RouteFollower(ForwardingState& state, const LinkModel& links, NetlinkSocket& requests, MirrorCounters& counters)
      : state_(state), links_(links), requests_(requests), counters_(counters) {}

  void mark_changed() { changed_ = true; }
  /// When update() is due; UINT64_MAX when nothing changed.
  std::uint64_t due_ms() const { return changed_ ? next_ms_ : UINT64_MAX; }

  /// Reads and publishes when due. `meanwhile` is called now and then during a long read.
  void update(std::uint64_t now_ms, const std::function<void()>& meanwhile);

 private:
  bool read(std::vector<RouteMessage>& routes, const std::function<void()>& meanwhile);

  ForwardingState& state_;
  const LinkModel& links_;
  NetlinkSocket& requests_;
  MirrorCounters& counters_;
  bool changed_ = true;
  std::uint64_t next_ms_ = 0;
};

}  // namespace penstock::port
