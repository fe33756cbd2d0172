#include <gtest/gtest.h>
#include <linux/neighbour.h>

#include "dataplane/port/kernel/resolver.h"

namespace penstock::port {
namespace {

constexpr net::MacAddress kMac{2, 0, 0, 0, 0, 9};
constexpr std::uint32_t kStart_s = 10'000;

/// One interface of ours that the kernel does not have, so that nothing we ask of it has an effect; time is the test's.
class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() {
    links_.add_device(0, "none", kIfindex);
    set_link(true);
    state_->set_now(kStart_s);
  }
  void set_link(bool up) {
    links_.apply(LinkMessage{.ifindex = kIfindex, .name = "none", .mtu = 1500, .up = up});
    for (const auto& change : links_.update_interfaces()) resolver_.apply(change);
  }
  HopIndex add(std::uint32_t number) {
    return state_->hops.find_or_add({net::Address::v4(number), 0, 0}, state_->now_s())->index;
  }
  void tell(std::uint32_t number, std::uint16_t nud, bool removed = false) {
    resolver_.apply(NeighbourMessage{removed, kIfindex, net::Address::v4(number), nud,
                                     nud == NUD_INCOMPLETE || nud == NUD_FAILED ? std::nullopt : std::optional(kMac)});
  }
  HopState state(HopIndex index) { return state_->hops[index].load_link().state(); }
  void advance_to(std::uint32_t now_s) {
    state_->set_now(now_s);
    resolver_.advance(std::uint64_t{now_s} * 1000);
    state_->collect();
  }

  static constexpr unsigned kIfindex = 0x7ffffff0;  // nobody has it
  std::unique_ptr<ForwardingState> state_ = std::make_unique<ForwardingState>();
  LinkModel links_{state_->interfaces};
  NetlinkSocket requests_ = *NetlinkSocket::create();
  net::Counter errors_;
  std::unique_ptr<Resolver> storage_ = std::make_unique<Resolver>(*state_, links_, requests_, errors_);
  Resolver& resolver_ = *storage_;
};

TEST_F(ResolverTest, WhatTheKernelSaysIsWhatWorkersSee) {
  const HopIndex hop = add(1);
  struct Step {
    std::uint16_t nud;
    HopState expected;
  };
  const Step steps[] = {{NUD_INCOMPLETE, HopState::resolving}, {NUD_REACHABLE, HopState::reachable},
                        {NUD_STALE, HopState::reachable},      {NUD_DELAY, HopState::reachable},
                        {NUD_PROBE, HopState::reachable},      {NUD_FAILED, HopState::failed},
                        {NUD_INCOMPLETE, HopState::failed},    {NUD_PERMANENT, HopState::reachable}};
  for (const Step& step : steps) {
    const std::uint64_t before = state_->generation();
    const HopLink was = state_->hops[hop].load_link();
    tell(1, step.nud);
    EXPECT_EQ(state(hop), step.expected) << step.nud;
    EXPECT_EQ(state_->hops[hop].load_link() != was, state_->generation() > before) << step.nud;
  }
  EXPECT_EQ(state_->hops[hop].load_link().mac(), kMac);
  tell(1, NUD_STALE, true);
  EXPECT_EQ(state(hop), HopState::reachable) << "forgotten by the kernel: serves until the answer";
  const HopIndex other = add(2);
  EXPECT_EQ(state(other), HopState::unknown);
}

TEST_F(ResolverTest, ALinkThatGoesDownTakesItsHopsAlong) {
  const HopIndex hop = add(1);
  tell(1, NUD_REACHABLE);
  set_link(false);
  EXPECT_EQ(state(hop), HopState::failed);
  tell(1, NUD_REACHABLE);
  EXPECT_EQ(state(hop), HopState::failed) << "a late notice changes nothing";
  set_link(true);
  EXPECT_EQ(state(hop), HopState::unknown) << "to be asked for";
}

TEST_F(ResolverTest, WhatTheKernelRefusesFailsAndIsCounted) {
  const HopIndex hop = add(1);
  resolver_.advance(1'000'000);  // the kernel has no such interface
  EXPECT_EQ(state(hop), HopState::failed);
  EXPECT_EQ(errors_.get(), 1U);
  resolver_.advance(1'000'500);
  EXPECT_EQ(errors_.get(), 1U) << "not again within a second";
  resolver_.advance(1'001'000);
  EXPECT_EQ(errors_.get(), 2U);
}

TEST_F(ResolverTest, RequestsAreSpreadOverTurns) {
  for (std::uint32_t i = 0; i < 1000; ++i) add(i);
  unsigned turns = 1;
  while (resolver_.advance(1'000'000)) ++turns;
  EXPECT_GT(turns, 4U);
  EXPECT_LT(turns, 20U);
  EXPECT_EQ(errors_.get(), 1000U);
}

TEST_F(ResolverTest, UnusedHopsLeaveOnceTheTableIsHalfFull) {
  constexpr std::uint32_t kHalf = kMostHops / 2;
  for (std::uint32_t i = 0; i < kHalf; ++i) add(i);
  for (std::uint32_t i = 0; i < 10; ++i) tell(i, NUD_PERMANENT);
  advance_to(kStart_s + 2 * kHopIdle_s);
  EXPECT_EQ(state_->hops.size(), kHalf) << "there is room: nobody leaves";

  // One too many, used just now; ten answered and were used a while ago, the rest never answered.
  const HopIndex busy = add(kHalf);
  for (std::uint32_t i = 0; i < 10; ++i) state_->hops[add(i)].last_used.store(state_->now_s() - kHopIdle_s + 60);
  advance_to(state_->now_s() + 20);
  EXPECT_EQ(state_->hops.size(), 11U);
  EXPECT_TRUE(state_->hops.holds(busy));

  advance_to(state_->now_s() + 20 * kHopIdle_s);
  EXPECT_EQ(state_->hops.size(), 11U) << "and now there is room again";
}

}  // namespace
}  // namespace penstock::port
