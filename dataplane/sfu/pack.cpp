// The old worker's half of a move.

#include <algorithm>

#include "dataplane/sfu/doors.h"
#include "dataplane/sfu/fan_out.h"
#include "dataplane/sfu/move.h"
#include "dataplane/sfu/tables.h"

namespace penstock::sfu {
namespace {

// Units of Work: some 15 KB are copied for each subscription, 30 KB for the endpoint, and keys are removed.
constexpr int kSubscriptionUnits = 40;
constexpr int kEndpointUnits = 60;

void pack_subscription(Core& core, const Transfer::Place& place, MovedSubscription& moved) {
  if (core.subscriptions[place.from].parameters.track != kNoSlot) core.fan_out->catch_up(place.from);
  moved.subscription = core.subscriptions[place.from];
  copy(core.board.subscriptions[place.from], moved.status);
  const SentRecord* records = &core.sent[std::size_t{place.from} * kSentRecords];
  std::copy_n(records, kSentRecords, moved.sent.begin());
  moved.packed_ns = core.now_ns();
  remove_subscription(core, place.from);
}

std::uint16_t home_of(const Core& core, const Endpoint& endpoint) {
  return endpoint.home.is_elsewhere() ? endpoint.home.worker() : core.shard.worker();
}

void pack_pairs(const Core& core, const Endpoint& endpoint, Luggage& luggage) {
  const std::uint16_t home = home_of(core, endpoint);
  for (std::uint8_t i = 0; i < endpoint.pair_count; ++i) {
    const engine::Flow& flow = core.shard.flows()[endpoint.pairs[i].flow];
    luggage.pairs[i] = {endpoint.pairs[i], flow.remote, door_there(core, home, flow.local)};
  }
}

// What stays is a forwarding address: the pairs' flows and the ICE fragment lead to it.
void leave(Core& core, EndpointSlot slot, std::uint16_t worker) {
  Endpoint& endpoint = core.endpoints[slot];
  endpoint.departed_to = worker + 1U;
  endpoint.connected = endpoint.secured = endpoint.announce_pair = false;
  core.cipher->remove(receive_context(slot));
  core.cipher->remove(send_context(slot));
  srtp::wipe(core.keys[slot].client);
  srtp::wipe(core.keys[slot].server);
  core.past_streams[slot] = {};
  core.board.endpoints[slot].generation.set(0);
  core.stats.endpoints.sub();
  core.stats.forwarding_addresses.add();
  core.stats.endpoints_moved_out.add();
}

void pack_endpoint(Core& core, EndpointSlot slot, Transfer& transfer) {
  const Endpoint& endpoint = core.endpoints[slot];
  Luggage& luggage = transfer.luggage();
  luggage.endpoint = endpoint;
  pack_pairs(core, endpoint, luggage);
  luggage.home = endpoint.home;
  if (!endpoint.home.is_elsewhere()) luggage.home = Home::at(core.shard.worker(), slot, endpoint.generation);
  if (luggage.home.worker() == transfer.worker()) luggage.home = {};
  copy(core.board.endpoints[slot], luggage.status);
  luggage.keys = core.keys[slot];
  luggage.sending = core.cipher->take(send_context(slot));
  luggage.past_streams = core.past_streams[slot];
  luggage.history = core.histories[slot];
  leave(core, slot, transfer.worker());
}

}  // namespace

bool move_endpoint(Core& core, const MoveEndpoint& move, Work& work) {
  Transfer& transfer = *move.transfer;
  Luggage& luggage = transfer.luggage();
  transfer.set_state(Transfer::State::under_way);
  for (; luggage.done < transfer.places().size(); ++luggage.done) {
    if (work.spent()) return false;
    pack_subscription(core, transfer.places()[luggage.done], luggage.subscriptions[luggage.done]);
    work.spend(kSubscriptionUnits);
  }
  pack_endpoint(core, move.slot, transfer);
  work.spend(kEndpointUnits);
  luggage.done = 0;
  core.leaving.add(transfer);
  send_departures(core);
  return true;
}

bool send_departures(Core& core) {
  TransferQueue left;
  while (!core.leaving.empty()) {
    Transfer& transfer = core.leaving.first();
    core.leaving.drop_first();
    // Not ours any more once it is posted.
    const auto posted = message(core.shard.worker(), MessageKind::transfer, &transfer);
    if (!core.shard.post(transfer.worker(), posted)) left.add(transfer);
  }
  core.leaving = left;
  return !left.empty();
}

void forward_to_new_worker(Core& core, const Endpoint& endpoint, net::Packet* p) {
  net::PacketInfo& info = net::info(p);
  const std::uint16_t home = home_of(core, endpoint);
  info.path = home;
  info.local = door_there(core, home, info.local);
  core.shard.hand_over(p, static_cast<std::uint16_t>(endpoint.departed_to - 1), engine::ServiceId::sfu);
}

}  // namespace penstock::sfu
