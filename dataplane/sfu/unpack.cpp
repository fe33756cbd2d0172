// The new worker's half of a move.

#include <algorithm>
#include <utility>

#include "dataplane/sfu/connectivity.h"
#include "dataplane/sfu/doors.h"
#include "dataplane/sfu/fan_out.h"
#include "dataplane/sfu/move.h"
#include "dataplane/sfu/tables.h"
#include "dataplane/sfu/turns.h"

namespace penstock::sfu {
namespace {

// Units of Work; replayed packets besides.
constexpr int kSubscriptionUnits = 100;
constexpr int kPacketUnits = 3;

// What was on its way to a mirror on the old worker is not older than this. Receivers' numbers tell what was sent
// already.
constexpr std::uint64_t kOverlapNs = 100'000'000;

// The flows of its pairs, by this worker's numbers.
void unpack_pairs(Core& core, EndpointSlot slot, const Luggage& luggage) {
  Endpoint& endpoint = core.endpoints[slot];
  const std::uint16_t home = endpoint.home.is_elsewhere() ? endpoint.home.worker() : core.shard.worker();
  const std::uint8_t count = luggage.endpoint.pair_count;
  endpoint.pair_count = 0;
  bool selected_came = false;
  for (std::uint8_t i = 0; i < count; ++i) {
    const MovedPair& moved = luggage.pairs[i];
    const net::LocalId local = door_here(core, home, moved.local);
    Pair* pair = local == net::kNoLocal ? nullptr : take_pair(core, slot, local, moved.remote);
    if (pair == nullptr) continue;  // the table is full: the client's next check finds it so, too, or makes it anew
    const net::FlowId flow = pair->flow;
    *pair = moved.pair;
    pair->flow = flow;
    pair->told_ns = 1;  // long ago
    pair->given_up = false;
    if (i != luggage.endpoint.selected) continue;
    selected_came = true;
    endpoint.selected = static_cast<std::uint8_t>(pair - endpoint.pairs.data());
    endpoint.local = local;
    endpoint.path = core.shard.flows()[flow].path;
  }
  if (selected_came) return;
  endpoint.selected = 0;
  endpoint.connected = endpoint.disconnected = false;
}

void unpack_keys(Core& core, EndpointSlot slot, Luggage& luggage) {
  if (!luggage.endpoint.secured) return;
  core.keys[slot] = luggage.keys;
  core.cipher->install(receive_context(slot), luggage.keys.client);
  core.cipher->resume(send_context(slot), luggage.keys.server, std::move(luggage.sending));
}

// Home again: what was a forwarding address is the endpoint.
void return_home(Core& core, Endpoint& endpoint) {
  if (endpoint.departed_to == 0) return;
  forget_pairs(core, endpoint);
  core.stats.forwarding_addresses.sub();
}

// The next packet of those that the encodings' rings have, in order of arrival; nullptr at the end.
struct Replay {
  const Track& track;
  std::array<std::uint64_t, kMostEncodings> next{}, end{};

  explicit Replay(const Track& of) : track(of) {
    for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
      const EncodingRing& ring = track.encodings[i].ring;
      if (ring.size() == 0) continue;
      end[i] = ring.newest() + 1;
      next[i] = end[i] - std::min<std::uint64_t>(end[i], ring.capacity());
    }
  }
  const StoredPacket* take(std::uint32_t& encoding) {
    const StoredPacket* first = nullptr;
    for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
      const StoredPacket* head = nullptr;
      while (next[i] != end[i] && (head = track.encodings[i].ring.find(next[i])) == nullptr) ++next[i];
      if (head == nullptr || (first != nullptr && first->arrival_ns <= head->arrival_ns)) continue;
      first = head;
      encoding = i;
    }
    if (first != nullptr) ++next[encoding];
    return first;
  }
};

// What came to the source since the subscription was packed.
void catch_up(Core& core, SubscriptionSlot slot, std::uint64_t packed_ns, Work& work) {
  const Subscription& subscription = core.subscriptions[slot];
  Replay replay(core.tracks[subscription.parameters.track]);
  std::uint32_t encoding = 0;
  while (const StoredPacket* packet = replay.take(encoding)) {
    const bool forwarded = subscription.forwarder.mapped() == encoding;
    if (packet->arrival_ns + (forwarded ? kOverlapNs : 0) < packed_ns) continue;
    core.fan_out->offer(slot, encoding, *packet);
    work.spend(kPacketUnits);
  }
  core.fan_out->send();
}

void unpack_subscription(Core& core, const Transfer& transfer, std::size_t at, Work& work) {
  const Transfer::Place& place = transfer.places()[at];
  const MovedSubscription& moved = transfer.luggage().subscriptions[at];
  Subscription& subscription = core.subscriptions[place.to];
  subscription = moved.subscription;
  subscription.generation = place.generation;
  subscription.behind = {};
  subscription.parameters.endpoint = transfer.endpoint();
  const bool has_source = place.track != kNoSlot && core.tracks[place.track].generation == place.track_generation;
  subscription.parameters.track = has_source ? place.track : kNoSlot;
  std::copy(moved.sent.begin(), moved.sent.end(), &core.sent[std::size_t{place.to} * kSentRecords]);
  enter_tables(core, place.to);
  copy(moved.status, core.board.subscriptions[place.to]);
  core.board.subscriptions[place.to].generation.set(place.generation);
  core.board.dirty_subscriptions.mark(place.to);
  work.spend(kSubscriptionUnits);
  if (!has_source) return subscription.forwarder.replace_source();
  catch_up(core, place.to, moved.packed_ns, work);
}

}  // namespace

void take_in(Core& core, Transfer& transfer) {
  const EndpointSlot slot = transfer.endpoint();
  Luggage& luggage = transfer.luggage();
  Endpoint& endpoint = core.endpoints[slot];
  return_home(core, endpoint);
  endpoint = luggage.endpoint;
  endpoint.generation = transfer.generation();
  endpoint.home = luggage.home;
  endpoint.departed_to = 0;
  endpoint.first_track = 0;
  endpoint.first_subscription = 0;
  endpoint.rtcp_allowance = {};
  unpack_pairs(core, slot, luggage);
  enter_fragment(core, slot);
  unpack_keys(core, slot, luggage);
  core.arrivals[slot] = rtp::TransportFeedbackRecorder{};
  core.clocks[slot] = PublisherClock{};
  core.past_streams[slot] = luggage.past_streams;
  core.histories[slot] = luggage.history;
  copy(luggage.status, core.board.endpoints[slot]);
  // Control hears of it, and waits for a check no longer than for anybody whose consent ended.
  if (!endpoint.connected) core.board.endpoints[slot].ice.set(static_cast<std::uint64_t>(IceState::disconnected));
  core.board.endpoints[slot].generation.set(transfer.generation());
  core.board.dirty_endpoints.mark(slot);
  core.stats.endpoints.add();
  core.stats.endpoints_moved_in.add();
  begin_turns(core, slot);
  core.arriving.add(transfer);
}

bool unpack(Core& core, Work& work) {
  while (!core.arriving.empty()) {
    Transfer& transfer = core.arriving.first();
    Luggage& luggage = transfer.luggage();
    for (; luggage.done < transfer.places().size(); ++luggage.done) {
      if (work.spent()) return true;
      unpack_subscription(core, transfer, luggage.done, work);
    }
    core.arriving.drop_first();
    transfer.set_state(Transfer::State::done);  // control may free it from here on
  }
  return false;
}

bool localise(Core& core, net::Packet* p) {
  net::PacketInfo& info = net::info(p);
  info.local = door_here(core, static_cast<std::uint16_t>(info.path), info.local);
  info.path = net::kNoPath;
  if (info.local == net::kNoLocal) return false;
  info.flow = core.shard.flows().find(info.local, info.remote);
  return true;
}

}  // namespace penstock::sfu
