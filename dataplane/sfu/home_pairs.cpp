#include "dataplane/sfu/home_pairs.h"

#include <algorithm>

#include "dataplane/sfu/connectivity.h"
#include "dataplane/sfu/doors.h"
#include "dataplane/sfu/update.h"

namespace penstock::sfu {
namespace {

// Of one pair; and of all pairs of an endpoint, whose client may check from as many addresses as it can forge. What is
// not told now, its next check tells.
constexpr std::uint64_t kTellAgainNs = 1'000'000'000;
constexpr std::uint64_t kTellPauseNs = 5'000'000;

struct PairNews {
  EndpointSlot slot;
  std::uint32_t generation;
  net::LocalId local;
  std::uint32_t given_up;  ///< 1: whoever needs it may have it
  net::Endpoint remote;
};

// False when the lane is full.
bool tell(Core& core, const Endpoint& endpoint, const Pair& pair, bool given_up) {
  const Home& home = endpoint.home;
  const engine::Flow& flow = core.shard.flows()[pair.flow];
  const net::LocalId there = door_there(core, home.worker(), flow.local);
  if (there == net::kNoLocal) return false;
  const PairNews news{home.slot, home.generation, there, given_up ? 1U : 0U, flow.remote};
  return core.shard.post(home.worker(), message(core.shard.worker(), MessageKind::learn_pair, news));
}

// Whoever holds the address is away on that worker, which has given it up.
void give_up(Core& core, net::LocalId local, const net::Endpoint& remote, std::uint32_t departed_to) {
  const net::FlowId flow = core.shard.flows().find(local, remote);
  if (flow == net::kNoFlow) return;
  Endpoint& holder = core.endpoints[core.shard.flows()[flow].index];
  if (holder.departed_to != departed_to) return;
  std::ranges::find(holder.live_pairs(), flow, &Pair::flow)->heard_ns = 0;
}

}  // namespace

void tell_home(Core& core, EndpointSlot slot, Pair& pair) {
  Endpoint& endpoint = core.endpoints[slot];
  const std::uint64_t now = core.now_ns();
  if (!endpoint.home.is_elsewhere()) return;
  if (now - pair.told_ns < kTellAgainNs || now - endpoint.told_home_ns < kTellPauseNs) return;
  if (!tell(core, endpoint, pair, false)) return;
  pair.told_ns = endpoint.told_home_ns = now;
  pair.given_up = false;
}

void release_at_home(Core& core, const Endpoint& endpoint, const Pair& pair) {
  const bool is_known_there = endpoint.home.is_elsewhere() && pair.told_ns != 0 && !pair.given_up;
  // When it is not told, home keeps the address until the endpoint ends, or has checked from eight others.
  if (is_known_there) static_cast<void>(tell(core, endpoint, pair, true));
}

void keep_home_informed(Core& core, EndpointSlot slot) {
  Endpoint& endpoint = core.endpoints[slot];
  if (!endpoint.home.is_elsewhere()) return;
  for (Pair& pair : endpoint.live_pairs()) {
    const bool idle = core.now_ns() - pair.heard_ns >= kPairIdleNs;
    if (idle != pair.given_up && tell(core, endpoint, pair, idle)) pair.given_up = idle;
  }
}

void learn_pair(Core& core, const engine::Message& message) {
  const auto news = message.get<PairNews>();
  Endpoint& endpoint = core.endpoints[news.slot];
  if (endpoint.generation != news.generation || endpoint.departed_to != message.from + 1U) return;
  // What that worker says of an address is true of all endpoints that are there: it changed hands, or may.
  give_up(core, news.local, news.remote, endpoint.departed_to);
  if (news.given_up != 0) return;
  if (Pair* pair = take_pair(core, news.slot, news.local, news.remote); pair != nullptr) {
    pair->last_check_ns = pair->heard_ns = core.now_ns();
  }
}

bool is_kept_for_another(const Endpoint& holder, const Pair& pair) {
  return holder.departed_to != 0 && pair.heard_ns != 0;
}

}  // namespace penstock::sfu
