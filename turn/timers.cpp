#include "turn/timers.h"

#include <algorithm>

#include "dataplane/engine/clock.h"
#include "turn/admission.h"
#include "turn/ending.h"
#include "turn/reload.h"

namespace penstock::turn {
namespace {

// How often each allocation is looked at for expired permissions and channels. They count as gone the moment they
// expire; this only says when their entries are free for others.
constexpr std::uint64_t kReclaimNs = 60 * engine::kNsPerS;

// Allocations looked at per pass, at most. An expired one costs the closing of its sockets, so this bounds how long a
// mass expiry keeps a pass from the packets.
constexpr unsigned kTimersPerPass = 16;

void on_timer(Core& core, std::uint32_t index) {
  Allocation& allocation = core.allocations[index];
  if (allocation.state != AllocationState::live) return;
  if (core.now_ns >= allocation.expires_ns) {
    expire_allocation(core, index);
    return;
  }
  core.permissions.reclaim(allocation, core.now_ns);
  core.channels.reclaim(allocation, core.now_ns);
  watch(core, index);
}

void discard_expired_reservations(Core& core, unsigned budget) {
  for (unsigned i = 0; i < budget; ++i) {
    const auto reserved = core.reservations.take_expired(core.now_ns);
    if (!reserved) return;
    core.ports.discard(reserved->port);
    release_reserved(core, reserved->user);
  }
}

// At the end of a drain everything ends, step by step.
bool end_drained(Core& core, unsigned budget) {
  for (; core.drain_at < core.allocations.ever_taken(); ++core.drain_at) {
    if (budget-- == 0) return true;
    if (core.allocations[core.drain_at].state == AllocationState::live) {
      end_allocation(core, core.drain_at, EndReason::drained);
    }
  }
  core.drain_at = kNone;
  return false;
}

void update_gauges(Core& core) {
  Stats& stats = core.stats;
  stats.allocations_pending.set(core.pending.size());
  stats.reservations.set(core.reservations.size());
  stats.permissions.set(core.permissions.size());
  stats.channels.set(core.channels.size());
  stats.users.set(core.ledger.users());
}

}  // namespace

void watch(Core& core, std::uint32_t index) {
  // A timer left over from an earlier allocation in this slot fires within kReclaimNs and goes on from there.
  if (core.timers.running(index)) return;
  core.timers.add(index, std::min(core.allocations[index].expires_ns, core.now_ns + kReclaimNs));
}

bool advance(Core& core, unsigned budget) {
  core.ports.close_unbound();
  bool left = core.timers.advance(core.now_ns, std::min(budget, kTimersPerPass),
                                  [&](std::uint32_t index) { on_timer(core, index); });
  discard_expired_reservations(core, kTimersPerPass);
  if (core.drain_at != kNone) left |= end_drained(core, std::min(budget, kTimersPerPass));
  if (core.sweep_at != kNone) left |= check_again(core, budget);
  left |= core.outbox.flush();
  left |= run_held_up_allocates(core);
  left |= settle_ended(core, budget);
  update_gauges(core);
  return left || core.ports.any_to_close();
}

}  // namespace penstock::turn
