#include "turn/ending.h"

#include "dataplane/engine/clock.h"

namespace penstock::turn {
namespace {

void unbind(Core& core, std::uint32_t index, std::size_t family) {
  const BoundPort bound = core.allocations[index].bound(family);
  if (!bound) return;
  core.allocations.remove_port(index, bound);
  core.ports.unbind(bound);
}

void enqueue(Core& core, std::uint32_t index) {
  core.allocations[index].next = kNone;
  (core.last_ended == kNone ? core.first_ended : core.allocations[core.last_ended].next) = index;
  core.last_ended = index;
  core.stats.allocations_draining.add();
}

EndedRecord record_of(const Core& core, std::uint32_t index) {
  const Allocation& allocation = core.allocations[index];
  const AllocationFacts& facts = core.allocations.facts(index);
  EndedRecord record;
  record.id = core.allocations.id(index);
  record.duration_ms = (facts.ended_ns - facts.created_ns) / engine::kNsPerMs;
  record.client = allocation.client;
  record.server = core.host.local_endpoint(allocation.listener);
  std::size_t relayed = 0;
  for (const RelayPort port : allocation.ports) {
    if (port.port != 0) record.relayed[relayed++] = core.directory.advertised(port);
  }
  record.to_peer = allocation.to_peer;
  record.to_client = allocation.to_client;
  record.reason = facts.reason;
  record.worker = static_cast<std::uint8_t>(core.worker);
  record.user_size = static_cast<std::uint16_t>(core.shares.copy_name(allocation.share, record.user));
  return record;
}

bool release(Core& core, const UserId& user) {
  const std::uint16_t home = home_worker(user, core.workers);
  if (home != core.worker) return core.outbox.try_post(home, message(MessageKind::release, Release{user}, core.worker));
  core.ledger.release({user}, core.now_ns);
  return true;
}

void release_quotas(Core& core, std::uint32_t index) {
  AllocationFacts& facts = core.allocations.facts(index);
  if (!facts.released_user) facts.released_user = release(core, core.user_of(index));
  if (!facts.released_total) facts.released_total = release(core, kEverybody);
}

// True when nothing is left to do for the slot.
bool settle(Core& core, std::uint32_t index) {
  AllocationFacts& facts = core.allocations.facts(index);
  release_quotas(core, index);
  if (!facts.recorded) facts.recorded = core.host.record(record_of(core, index));
  return facts.released_user && facts.released_total && facts.recorded;
}

}  // namespace

void end_allocation(Core& core, std::uint32_t index, EndReason reason) {
  Allocation& allocation = core.allocations[index];
  core.channels.remove_if(allocation, [](const Channel&) { return true; });
  core.permissions.remove_if(allocation, [](const Permission&) { return true; });
  core.flows.erase(core.flows.find(allocation.listener, allocation.client));
  for (std::size_t family = 0; family < allocation.relay.size(); ++family) unbind(core, index, family);
  allocation.state = AllocationState::ended;
  allocation.live_until(0);

  AllocationFacts& facts = core.allocations.facts(index);
  facts.ended_ns = core.now_ns;
  facts.reason = reason;
  core.stats.ended[static_cast<std::size_t>(reason)].add();
  core.stats.allocations.sub();
  release_quotas(core, index);  // at once: a user's quota does not wait for whoever reads the records
  enqueue(core, index);
}

void release_reserved(Core& core, const UserId& user) {
  for (const UserId& who : {user, kEverybody}) {
    const std::uint16_t home = home_worker(who, core.workers);
    if (home == core.worker) {
      core.ledger.release({who}, core.now_ns);
    } else if (!core.outbox.post(home, message(MessageKind::release, Release{who}, core.worker))) {
      core.stats.messages_lost.add();
    }
  }
}

void expire_allocation(Core& core, std::uint32_t index) {
  const bool revoked =
      core.allocations.facts(index).static_user && !core.settings->credentials->has_static_user(core.user_of(index));
  end_allocation(core, index, revoked ? EndReason::revoked : EndReason::expired);
}

void drop_relayed_address(Core& core, std::uint32_t index, net::Family family) {
  Allocation& allocation = core.allocations[index];
  core.channels.remove_if(allocation, [&](const Channel& c) { return c.peer.address.family() == family; });
  core.permissions.remove_if(allocation, [&](const Permission& p) { return p.peer.family() == family; });
  unbind(core, index, family_index(family));
}

bool settle_ended(Core& core, unsigned budget) {
  while (core.first_ended != kNone) {
    if (budget-- == 0) return true;
    const std::uint32_t index = core.first_ended;
    if (!settle(core, index)) return false;  // a full mailbox: the next pass tries again
    core.first_ended = core.allocations[index].next;
    if (core.first_ended == kNone) core.last_ended = kNone;
    core.shares.release(core.allocations[index].share);
    core.allocations.give(index);
    core.stats.allocations_draining.sub();
  }
  return false;
}

}  // namespace penstock::turn
