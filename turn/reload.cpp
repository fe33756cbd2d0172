#include "turn/reload.h"

#include <algorithm>

namespace penstock::turn {
namespace {

// What looking at one allocation may cost, in allocations with nothing to look at: a pass must stay short.
constexpr unsigned kObjectsPerUnit = 8;

void check_peers(Core& core, Allocation& allocation) {
  const PeerPolicy& policy = core.settings->policy;
  const unsigned permissions = core.permissions.remove_if(allocation, [&](Permission& permission) {
    const PeerVerdict verdict = policy.check(permission.peer);
    permission.direct = verdict == PeerVerdict::allow;
    return verdict == PeerVerdict::deny;
  });
  core.channels.remove_if(allocation, [&](Channel& channel) {
    const PeerVerdict verdict = policy.check(channel.peer.address);
    channel.direct = verdict == PeerVerdict::allow;
    return !policy.permits(verdict, channel.peer.port);
  });
  core.stats.permissions_revoked.add(permissions);
}

// Returns what it cost.
unsigned check_allocation(Core& core, std::uint32_t index) {
  Allocation& allocation = core.allocations[index];
  if (allocation.state != AllocationState::live) return 1;
  const unsigned units = 1 + (allocation.permissions + allocation.channels) / kObjectsPerUnit;
  check_peers(core, allocation);
  return units;
}

}  // namespace

void use_settings(Core& core, const CompiledSettings& settings) {
  core.settings = &settings;
  core.authenticator.replace(settings.credentials, settings.settings.nonce_lifetime_s);
  core.answer_limiter.set_rates(settings.settings.answer_rates);
  core.ledger.set_limits(settings.settings.user_limits, settings.settings.total_limits);
  core.shares.set_limits(settings.settings.user_limits);
  const RatePlan total = rate_plan(settings.settings.total_limits);
  core.everybody.set_plan(total);
  core.metered = core.shares.limited() || total.limited();
  core.sweep_at = 0;
}

bool check_again(Core& core, unsigned budget) {
  while (core.sweep_at < core.allocations.ever_taken()) {
    if (budget == 0) return true;
    budget -= std::min(budget, check_allocation(core, core.sweep_at++));
  }
  core.sweep_at = kNone;
  return false;
}

}  // namespace penstock::turn
