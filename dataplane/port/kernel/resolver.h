#pragma once
// Has the kernel resolve the next hops that workers asked for, keeps the ones in use probed, and forgets the others.

#include <array>
#include <cstdint>

#include "dataplane/net/counter.h"
#include "dataplane/port/kernel/forwarding_state.h"
#include "dataplane/port/kernel/link_model.h"
#include "dataplane/port/kernel/netlink_message.h"
#include "dataplane/port/kernel/netlink_socket.h"

namespace penstock::port {

/// Seconds after which a hop that nobody sends to is left alone.
inline constexpr std::uint32_t kHopInUse_s = 30;
/// Seconds after which unused hops give up their places, once the table is more than half full: those that answered,
/// and those that did not, so that addresses where nobody lives do not fill it.
inline constexpr std::uint32_t kHopIdle_s = 600;
inline constexpr std::uint32_t kFailedHopIdle_s = 30;

/// Used by the mirror's thread only. Time is monotonic milliseconds, given by the caller.
class Resolver {
 public:
  /// Writes the hops' links in `state`. `errors` counts what the kernel refused.
  Resolver(ForwardingState& state, const LinkModel& links, NetlinkSocket& requests, net::Counter& errors)
      : state_(state), links_(links), requests_(requests), errors_(errors) {}

  /// The kernel said something about a neighbour.
  void apply(const NeighbourMessage& neighbour);
  /// An interface went up or down: its hops are asked for anew, or cannot be used at once.
  void apply(const LinkModel::Change& change);
  /// Asks the kernel about everything again: notices were lost.
  void refresh_all();

  /// Asks for new hops, again for failed and stale ones in use, and retires what is unused. Bounded; true when there is
  /// more to ask for at once.
  bool advance(std::uint64_t now_ms);

  std::array<std::uint64_t, kHopStateCount> count_states() const;

 private:
  /// What only this side knows of a hop.
  struct Watch {
    std::uint64_t asked_ms = 0;  ///< when last
    bool stale = false;          ///< known, but not confirmed lately, or forgotten by the kernel
  };

  bool wants_asking(HopIndex index, std::uint64_t now_ms) const;
  void ask(HopIndex index, std::uint64_t now_ms);
  void read(HopIndex index);
  void apply_to(HopIndex index, const NeighbourMessage& neighbour);
  void set(HopIndex index, HopLink link);
  bool is_in_use(HopIndex index) const;
  void retire_unused();

  ForwardingState& state_;
  const LinkModel& links_;
  NetlinkSocket& requests_;
  net::Counter& errors_;
  std::array<Watch, kMostHops> watches_{};
  std::uint64_t next_retirement_ms_ = 0;
};

}  // namespace penstock::port
