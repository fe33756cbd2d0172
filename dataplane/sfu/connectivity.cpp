#include "dataplane/sfu/connectivity.h"

#include <algorithm>
#include <bit>

#include "dataplane/sfu/home_pairs.h"
#include "dataplane/sfu/ice/check.h"
#include "dataplane/sfu/move.h"

namespace penstock::sfu {
namespace {

// A client that nominates several pairs at once (aggressive nomination, RFC 5245 section 8.1.1.2) must not make media
// hop: a pair of lower priority wins only when the selected one is no longer nominated.
constexpr std::uint64_t kNominationHoldNs = 1'000'000'000;

net::Drop drop_for(CheckError error) {
  return error == CheckError::foreign_fragment ? net::Drop::check_unknown : net::Drop::check_malformed;
}

// True when the answer is on its way.
bool answer(Core& core, const net::Packet* p, const Check& check, const stun::HmacSha1& password) {
  net::Packet* reply = core.shard.originate();
  if (reply == nullptr) return false;
  const net::PacketInfo& in = net::info(p);
  std::span<std::uint8_t> room{rte_pktmbuf_mtod(reply, std::uint8_t*), engine::Shard::kAnswerSize};
  const std::size_t size = answer_check(check, in.remote, password, room);
  reply->data_len = static_cast<std::uint16_t>(size);
  reply->pkt_len = reply->data_len;
  net::PacketInfo& out = net::info(reply);
  out.remote = in.remote;
  out.local = in.local;
  out.path =
      in.flow != net::kNoFlow ? core.shard.flows()[in.flow].path : core.shard.port().resolve(in.local, in.remote);
  core.shard.send(reply);
  return true;
}

void erase_pair(Core& core, Endpoint& endpoint, std::uint8_t at) {
  release_at_home(core, endpoint, endpoint.pairs[at]);
  core.shard.flows().erase(endpoint.pairs[at].flow);
  core.flows_changed = true;
  endpoint.pairs[at] = endpoint.pairs[--endpoint.pair_count];
  if (endpoint.selected == endpoint.pair_count) endpoint.selected = at;
}

// Makes room by forgetting the pair that was checked longest ago, the selected one excepted.
void make_room(Core& core, Endpoint& endpoint) {
  if (endpoint.pair_count < Endpoint::kMostPairs) return;
  std::uint8_t oldest = endpoint.selected == 0 ? 1 : 0;
  for (std::uint8_t i = 0; i < endpoint.pair_count; ++i) {
    if (i != endpoint.selected && endpoint.pairs[i].last_check_ns < endpoint.pairs[oldest].last_check_ns) oldest = i;
  }
  erase_pair(core, endpoint, oldest);
}

// Takes the address from another endpoint, if that has fallen silent.
bool take_away(Core& core, net::FlowId flow) {
  const EndpointSlot slot = core.shard.flows()[flow].index;
  Endpoint& holder = core.endpoints[slot];
  const auto pairs = holder.live_pairs();
  const auto at = std::ranges::find(pairs, flow, &Pair::flow);
  const bool is_selected = at - pairs.begin() == holder.selected;
  if (is_kept_for_another(holder, *at) || core.now_ns() - at->heard_ns < kPairIdleNs) return false;
  if (is_selected && holder.departed_to == 0) {
    holder.connected = false;
    core.board.endpoints[slot].ice.set(static_cast<std::uint64_t>(IceState::waiting));
    core.board.dirty_endpoints.mark(slot);
  }
  erase_pair(core, holder, static_cast<std::uint8_t>(at - pairs.begin()));
  return true;
}

void select(Core& core, EndpointSlot slot, const Pair& pair) {
  Endpoint& endpoint = core.endpoints[slot];
  const engine::Flow& flow = core.shard.flows()[pair.flow];
  endpoint.selected = static_cast<std::uint8_t>(&pair - endpoint.pairs.data());
  endpoint.remote = flow.remote;
  endpoint.local = flow.local;
  endpoint.path = flow.path;
  core.stats.pairs_selected.add();
  EndpointStatus& status = core.board.endpoints[slot];
  status.remote.set(flow.remote);
  status.local.set(core.shard.port().local_endpoint(flow.local));
  core.board.dirty_endpoints.mark(slot);
  if (endpoint.connected) return;
  endpoint.connected = true;
  endpoint.announce_pair = !endpoint.secured;
  status.ice.set(static_cast<std::uint64_t>(IceState::connected));
}

bool wins(const Core& core, const Endpoint& endpoint, const Pair& pair) {
  if (!endpoint.connected) return true;
  const Pair& selected = endpoint.pairs[endpoint.selected];
  if (&pair == &selected || pair.nominated_ns == 0) return false;
  return selected.nominated_ns == 0 || pair.priority > selected.priority ||
         core.now_ns() - selected.nominated_ns > kNominationHoldNs;
}

}  // namespace

Pair* take_pair(Core& core, EndpointSlot slot, net::LocalId local, const net::Endpoint& remote) {
  Endpoint& endpoint = core.endpoints[slot];
  engine::FlowTable& flows = core.shard.flows();
  net::FlowId id = flows.find(local, remote);
  if (id != net::kNoFlow && flows[id].index == slot) return &*std::ranges::find(endpoint.live_pairs(), id, &Pair::flow);
  if (id != net::kNoFlow && !take_away(core, id)) return nullptr;
  make_room(core, endpoint);
  id = flows.insert(local, remote);
  if (id == net::kNoFlow) return nullptr;
  core.flows_changed = true;
  engine::Flow& flow = flows[id];
  flow.service = static_cast<std::uint8_t>(engine::ServiceId::sfu);
  flow.index = slot;
  flow.path = core.shard.port().resolve(local, remote);
  Pair& pair = endpoint.pairs[endpoint.pair_count++];
  pair = {.flow = id};
  return &pair;
}

void take_check(Core& core, net::Packet* p) {
  core.stats.checks.add();
  const auto check = read_check(net::payload(p));
  if (!check) return core.shard.drop(p, drop_for(check.error()));
  const EndpointSlot slot = core.fragments.find(std::bit_cast<std::uint64_t>(check->fragment));
  if (slot == KeyTable::kNone) {
    core.stats.checks_unknown.add();
    return core.shard.drop(p, net::Drop::check_unknown);
  }
  Endpoint& endpoint = core.endpoints[slot];
  if (endpoint.departed_to != 0) return forward_to_new_worker(core, endpoint, p);
  EndpointStatus& status = core.board.endpoints[slot];
  if (!authentic(*check, endpoint.password)) {
    core.stats.checks_forged.add();
    status.checks_refused.add();
    return core.shard.drop(p, net::Drop::check_forged);
  }
  // What is answered with an error proves nothing about the pair (RFC 8445 section 7.3.1.1).
  if (check->controlled || !check->message.unknown_required().empty()) {
    if (check->controlled) core.stats.checks_role_conflicts.add();
    current_flow(core, p);
    if (!answer(core, p, *check, endpoint.password)) return core.shard.drop(p, net::Drop::pool_empty);
    return core.shard.consume(p);
  }
  Pair* pair = take_pair(core, slot, net::info(p).local, net::info(p).remote);
  if (pair == nullptr) {
    core.stats.checks_pair_taken.add();
    status.checks_refused.add();
    return core.shard.drop(p, net::Drop::check_pair_taken);
  }
  net::info(p).flow = pair->flow;
  if (!answer(core, p, *check, endpoint.password)) return core.shard.drop(p, net::Drop::pool_empty);
  tell_home(core, slot, *pair);
  status.checks.add();
  pair->last_check_ns = core.now_ns();
  pair->priority = check->priority;
  if (check->use_candidate) pair->nominated_ns = core.now_ns();
  if (wins(core, endpoint, *pair)) select(core, slot, *pair);
  if (!endpoint.secured) endpoint.announce_pair = true;  // again: signaling may have made it an active handshake since
  heard(core, slot, pair->flow);
  core.shard.consume(p);
}

net::FlowId current_flow(Core& core, net::Packet* p) {
  net::PacketInfo& info = net::info(p);
  if (core.flows_changed) info.flow = core.shard.flows().find(info.local, info.remote);
  return info.flow;
}

void heard(Core& core, EndpointSlot slot, net::FlowId flow) {
  Endpoint& endpoint = core.endpoints[slot];
  endpoint.last_heard_ns = core.now_ns();
  const auto pairs = endpoint.live_pairs();
  const auto at = std::ranges::find(pairs, flow, &Pair::flow);
  if (at != pairs.end()) at->heard_ns = core.now_ns();
  if (!endpoint.disconnected) return;
  if (at != pairs.end()) select(core, slot, *at);
  endpoint.disconnected = false;
  core.board.endpoints[slot].ice.set(static_cast<std::uint64_t>(IceState::connected));
  core.board.dirty_endpoints.mark(slot);
}

void check_consent(Core& core, EndpointSlot slot) {
  Endpoint& endpoint = core.endpoints[slot];
  core.board.endpoints[slot].last_heard_ns.set(endpoint.last_heard_ns);
  if (!endpoint.connected || endpoint.disconnected) return;
  if (core.now_ns() - endpoint.pairs[endpoint.selected].heard_ns < core.settings.consent_ns) return;
  // Consent is given pair by pair: nobody may have media sent to an address that never answers.
  const auto latest = std::ranges::max_element(endpoint.live_pairs(), {}, &Pair::heard_ns);
  if (core.now_ns() - latest->heard_ns < kPairIdleNs) return select(core, slot, *latest);
  endpoint.disconnected = true;
  core.stats.consents_lost.add();
  core.board.endpoints[slot].ice.set(static_cast<std::uint64_t>(IceState::disconnected));
  core.board.dirty_endpoints.mark(slot);
}

void forget_pairs(Core& core, Endpoint& endpoint) {
  for (const Pair& pair : endpoint.live_pairs()) core.shard.flows().erase(pair.flow);
  endpoint.pair_count = 0;
}

}  // namespace penstock::sfu
