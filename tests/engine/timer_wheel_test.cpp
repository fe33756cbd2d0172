#include "dataplane/engine/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace penstock::engine {
namespace {

constexpr std::uint64_t kTick = 100;

TEST(TimerWheel, FiresNeverBeforeAndAtMostTwoTicksAfterTheDeadline) {
  TimerWheel wheel(1000, kTick, 5'000);
  std::mt19937 random(1);
  std::map<std::uint32_t, std::uint64_t> deadlines;
  for (std::uint32_t id = 0; id < 1000; ++id) {
    deadlines[id] = 5'000 + random() % 300'000;
    wheel.add(id, deadlines[id]);
  }
  for (std::uint64_t now = 5'000; now < 310'000; now += 30) {
    wheel.advance(now, 1'000'000, [&](std::uint32_t id) {
      EXPECT_GE(now, deadlines.at(id));
      EXPECT_LE(now, deadlines.at(id) + 2 * kTick);
      deadlines.erase(id);
    });
  }
  EXPECT_TRUE(deadlines.empty());
}

TEST(TimerWheel, BudgetBoundsACallAndLosesNothing) {
  TimerWheel wheel(100, kTick, 0);
  for (std::uint32_t id = 0; id < 100; ++id) wheel.add(id, 50);
  unsigned fired = 0;
  unsigned calls = 0;
  while (wheel.advance(1'000, 7, [&](std::uint32_t) { ++fired; })) {
    ++calls;
    EXPECT_LE(fired, 7 * calls);
  }
  EXPECT_EQ(fired, 100U);
}

TEST(TimerWheel, DeadlineBeyondTheSpanFiresEarlyToBeAddedAgain) {
  TimerWheel wheel(1, kTick, 0);
  const std::uint64_t deadline = kTick * 10'000;
  wheel.add(0, deadline);
  std::uint64_t fired_at = 0;
  for (std::uint64_t now = 0; fired_at == 0; now += kTick) {
    wheel.advance(now, 10, [&](std::uint32_t id) {
      if (now < deadline) {
        wheel.add(id, deadline);
      } else {
        fired_at = now;
      }
    });
  }
  EXPECT_NEAR(static_cast<double>(fired_at), static_cast<double>(deadline), 2 * kTick);
}

TEST(TimerWheel, AMillionDueAtOnceFireABudgetAtATimeAndAllOfThem) {
  constexpr std::uint32_t kTimers = 1'000'000;
  constexpr unsigned kBudget = 16;
  TimerWheel wheel(kTimers, kTick, 0);
  for (std::uint32_t id = 0; id < kTimers; ++id) wheel.add(id, kTick * (100 + id % 10));
  unsigned fired = 0;
  const auto pass = [&](std::uint64_t now) {
    const unsigned before = fired;
    const bool left = wheel.advance(now, kBudget, [&](std::uint32_t) { ++fired; });
    EXPECT_LE(fired - before, kBudget);
    return left;
  };
  EXPECT_FALSE(pass(kTick * 99));
  unsigned passes = 1;
  while (pass(kTick * 120)) ++passes;
  EXPECT_EQ(fired, kTimers);
  EXPECT_EQ(passes, kTimers / kBudget);
}

TEST(TimerWheel, ALongPauseFiresEverythingDue) {
  TimerWheel wheel(10, kTick, 0);
  for (std::uint32_t id = 0; id < 10; ++id) wheel.add(id, id * 1'000);
  unsigned fired = 0;
  wheel.advance(100'000'000, 100, [&](std::uint32_t id) {
    EXPECT_FALSE(wheel.running(id));
    ++fired;
  });
  EXPECT_EQ(fired, 10U);
}

}  // namespace
}  // namespace penstock::engine
