#include "dataplane/port/kernel/resolver.h"

#include <linux/neighbour.h>

namespace penstock::port {
namespace {

// A hop that failed is tried again every second while it is in use; the kernel itself gives up after three.
constexpr std::uint64_t kRetry_ms = 1'000;
// A stale one is probed by the kernel five seconds after it was asked (delay_first_probe_time).
constexpr std::uint64_t kProbe_ms = 3'000;
constexpr std::uint64_t kRetirement_ms = 10'000;
// Two system calls of some microseconds each: taps and notices do not wait for longer than a few milliseconds.
constexpr unsigned kAskedPerTurn = 128;

constexpr std::uint16_t kConfirmed = NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP | NUD_DELAY | NUD_PROBE;

template <class F>
void for_each_hop(const HopTable& hops, F f) {
  if (hops.size() == 0) return;
  for (std::size_t i = 0; i < kMostHops; ++i) {
    if (hops.holds(static_cast<HopIndex>(i))) f(static_cast<HopIndex>(i));
  }
}

}  // namespace

void Resolver::set(HopIndex index, HopLink link) {
  if (state_.hops[index].link.exchange(link.word, std::memory_order_acq_rel) != link.word) state_.touch();
}

void Resolver::apply(const NeighbourMessage& neighbour) {
  const auto interface = links_.find(neighbour.ifindex);
  if (!interface) return;
  for_each_hop(state_.hops, [&](HopIndex index) {
    const HopKey& key = state_.hops[index].key;
    if (key.interface == *interface && key.neighbour == neighbour.address) apply_to(index, neighbour);
  });
}

void Resolver::apply_to(HopIndex index, const NeighbourMessage& neighbour) {
  const HopState before = state_.hops[index].load_link().state();
  Watch& watch = watches_[index];
  if (!links_.is_up(state_.hops[index].key.interface)) return set(index, HopLink::of(HopState::failed));
  if (neighbour.removed) {
    // Forgotten, as the kernel does with what itself does not use, or flushed. What was known serves until the answer.
    watch = {.asked_ms = 0, .stale = true};
    return;
  }
  watch.stale = (neighbour.state & NUD_STALE) != 0;
  if ((neighbour.state & NUD_FAILED) != 0) return set(index, HopLink::of(HopState::failed));
  const bool usable = (neighbour.state & (kConfirmed | NUD_STALE)) != 0;
  if (usable && neighbour.mac) return set(index, HopLink::of(HopState::reachable, mac_to_word(*neighbour.mac)));
  // Being asked for. A known address serves until the kernel says that nobody answers; who has failed before remains so
  // until it does answer, or every retry would hold packets for it.
  if (before == HopState::unknown) set(index, HopLink::of(HopState::resolving));
}

void Resolver::apply(const LinkModel::Change& change) {
  for_each_hop(state_.hops, [&](HopIndex index) {
    if (state_.hops[index].key.interface != change.interface) return;
    set(index, HopLink::of(change.up ? HopState::unknown : HopState::failed));
    watches_[index] = {};
  });
}

void Resolver::refresh_all() {
  for_each_hop(state_.hops, [&](HopIndex index) { read(index); });
}

bool Resolver::is_in_use(HopIndex index) const {
  return state_.now_s() - state_.hops[index].last_used.load(std::memory_order_relaxed) < kHopInUse_s;
}

bool Resolver::wants_asking(HopIndex index, std::uint64_t now_ms) const {
  const Hop& hop = state_.hops[index];
  if (!links_.is_up(hop.key.interface) || !is_in_use(index)) return false;
  const HopState hop_state = hop.load_link().state();
  if (hop_state == HopState::unknown) return true;
  if (hop_state != HopState::reachable) return now_ms - watches_[index].asked_ms >= kRetry_ms;
  return watches_[index].stale && now_ms - watches_[index].asked_ms >= kProbe_ms;
}

bool Resolver::advance(std::uint64_t now_ms) {
  unsigned asked = 0;
  for_each_hop(state_.hops, [&](HopIndex index) {
    if (asked <= kAskedPerTurn && wants_asking(index, now_ms) && ++asked <= kAskedPerTurn) ask(index, now_ms);
  });
  if (now_ms >= next_retirement_ms_) {
    next_retirement_ms_ = now_ms + kRetirement_ms;
    retire_unused();
  }
  return asked > kAskedPerTurn;
}

void Resolver::ask(HopIndex index, std::uint64_t now_ms) {
  const Hop& hop = state_.hops[index];
  const std::uint32_t ifindex = state_.interfaces[hop.key.interface].ifindex.load(std::memory_order_relaxed);
  watches_[index].asked_ms = now_ms;
  // What is confirmed is not to be asked for: NTF_USE would take the permanence from an operator's static entry.
  read(index);
  if (hop.load_link().state() == HopState::reachable && !watches_[index].stale) return;
  if (hop.load_link().state() == HopState::unknown) set(index, HopLink::of(HopState::resolving));
  if (requests_.ask(use_neighbour_request(ifindex, hop.key.neighbour)) != 0) {
    // Its table is full (net.ipv4.neigh.default.gc_thresh3), or the interface has just gone.
    errors_.add();
    // Others may have filled the kernel's table: no reason to give up an address that is known.
    if (hop.load_link().state() != HopState::reachable) set(index, HopLink::of(HopState::failed));
    return;
  }
  read(index);
}

void Resolver::read(HopIndex index) {
  const HopKey& key = state_.hops[index].key;
  const std::uint32_t ifindex = state_.interfaces[key.interface].ifindex.load(std::memory_order_relaxed);
  if (ifindex == 0) return;
  requests_.ask(neighbour_request(ifindex, key.neighbour), [&](const nlmsghdr& message) {
    if (const auto neighbour = parse_neighbour(message)) apply_to(index, *neighbour);
  });
}

void Resolver::retire_unused() {
  if (state_.hops.size() <= kMostHops / 2) return;
  bool retired = false;
  for_each_hop(state_.hops, [&](HopIndex index) {
    const Hop& hop = state_.hops[index];
    const std::uint32_t idle_s = state_.now_s() - hop.last_used.load(std::memory_order_relaxed);
    const bool answered = hop.load_link().state() == HopState::reachable;
    if (idle_s < (answered ? kHopIdle_s : kFailedHopIdle_s)) return;
    watches_[index] = {};
    state_.retire(index);
    retired = true;
  });
  if (retired) state_.move_version();
}

std::array<std::uint64_t, kHopStateCount> Resolver::count_states() const {
  std::array<std::uint64_t, kHopStateCount> counts{};
  for_each_hop(state_.hops,
               [&](HopIndex index) { ++counts[static_cast<std::size_t>(state_.hops[index].load_link().state())]; });
  return counts;
}

}  // namespace penstock::port
