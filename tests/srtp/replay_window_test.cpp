// RFC 3711 section 3.3: the index of a sequence number, and what was seen before.

#include "dataplane/srtp/replay_window.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace penstock::srtp {
namespace {

ReceiveIndex received(std::uint64_t highest) {
  ReceiveIndex stream{};
  stream.accept(highest);
  return stream;
}

struct EstimateCase {
  const char* what;
  std::uint64_t highest;
  std::uint16_t sequence_number;
  std::uint64_t expected;
};

constexpr EstimateCase kEstimates[] = {
    {"the next", 0x1'0005, 0x0006, 0x1'0006},
    {"the same", 0x1'0005, 0x0005, 0x1'0005},
    {"one late", 0x1'0005, 0x0004, 0x1'0004},
    {"rolls over", 0x1'ffff, 0x0000, 0x2'0000},
    {"rolls over with a gap", 0x1'fff0, 0x0100, 0x2'0100},
    {"late from before the roll-over", 0x2'0003, 0xfffe, 0x1'fffe},
    {"half ahead is still this turn", 0x1'0000, 0x8000, 0x1'8000},
    {"more than half ahead is the turn before", 0x2'0000, 0x8001, 0x1'8001},
    {"half behind is still this turn", 0x1'8000, 0x0000, 0x1'0000},
    {"more than half behind is the next turn", 0x1'8001, 0x0000, 0x2'0000},
    {"there is no turn before the first", 0x0'0003, 0xfffe, 0x0'fffe},
    {"the last turn but one", 0xffff'fffe'ffff, 0x0001, 0xffff'ffff'0001},
    {"past the last there are 49 bits, which the cipher refuses", 0xffff'ffff'ffff, 0x0001, 0x1'0000'0000'0001},
};

TEST(ReceiveIndex, EstimatesTheNearestIndex) {
  for (const EstimateCase& estimate : kEstimates) {
    EXPECT_EQ(received(estimate.highest).estimate(estimate.sequence_number), estimate.expected) << estimate.what;
  }
}

TEST(ReceiveIndex, BeginsInTheFirstTurn) {
  const ReceiveIndex stream{};
  EXPECT_EQ(stream.estimate(0), 0u);
  EXPECT_EQ(stream.estimate(0xffff), 0xffffu);
  EXPECT_EQ(stream.roll_over_counter(), 0u);
}

TEST(ReceiveIndex, FollowsASenderThroughManyTurnsWithLossAndReordering) {
  std::mt19937_64 random(3);
  ReceiveIndex stream{};
  for (std::uint64_t sent = 100; sent < 1'000'000; sent += 1 + random() % 400) {
    const std::uint64_t late = std::min<std::uint64_t>(sent, random() % 500);
    const std::uint64_t index = sent - late;
    ASSERT_EQ(stream.estimate(static_cast<std::uint16_t>(index)), index);
    if (stream.check(index) == Replay::fresh) stream.accept(index);
  }
  EXPECT_GT(stream.roll_over_counter(), 10u);
}

TEST(ReceiveIndex, IsNotMovedByWhatIsOnlyChecked) {
  const ReceiveIndex stream = received(0x1'0005);
  EXPECT_EQ(stream.check(stream.estimate(0x7000)), Replay::fresh);  // a forger's try at the window's edge
  EXPECT_EQ(stream.estimate(0x0006), 0x1'0006u);
  EXPECT_EQ(stream.window.highest(), 0x1'0005u);
}

TEST(ReplayWindow, TellsFreshDuplicateAndTooOld) {
  ReplayWindow window{};
  EXPECT_TRUE(window.empty());
  EXPECT_EQ(window.check(0), Replay::fresh);
  window.accept(5000);
  EXPECT_EQ(window.check(5000), Replay::duplicate);
  EXPECT_EQ(window.check(4999), Replay::fresh);
  EXPECT_EQ(window.check(5000 - ReplayWindow::kBits + 1), Replay::fresh);
  EXPECT_EQ(window.check(5000 - ReplayWindow::kBits), Replay::too_old);
  EXPECT_EQ(window.check(0), Replay::too_old);
  EXPECT_EQ(window.check(5001), Replay::fresh);
}

TEST(ReplayWindow, HoldsIndexZero) {
  ReplayWindow window{};
  window.accept(0);
  EXPECT_FALSE(window.empty());
  EXPECT_EQ(window.check(0), Replay::duplicate);
  EXPECT_EQ(window.check(1), Replay::fresh);
}

TEST(ReplayWindow, IgnoresAnAcceptBehindTheWindow) {
  ReplayWindow window{};
  window.accept(5000);
  window.accept(5000 - ReplayWindow::kBits);
  EXPECT_EQ(window.highest(), 5000u);
  EXPECT_EQ(window.check(5000), Replay::duplicate);
}

/// Steps of every size around the words and the length of the ring, against a set that forgets nothing.
TEST(ReplayWindow, AgreesWithASetThatForgetsNothing) {
  std::mt19937_64 random(7);
  const std::uint64_t steps[] = {1, 1, 2, 63, 64, 65, 127, 960, 1022, 1023, 1024, 1025, 2000, 70'000};
  for (int round = 0; round < 50; ++round) {
    ReplayWindow window{};
    std::set<std::uint64_t> seen;
    std::uint64_t highest = random() % 3000;
    for (int i = 0; i < 2000; ++i) {
      if (random() % 4 == 0) highest += steps[random() % std::size(steps)];
      const std::uint64_t index = highest - std::min(highest, random() % 8 == 0 ? random() % 1200 : random() % 70);
      const std::uint64_t top = seen.empty() ? 0 : *seen.rbegin();
      const Replay expected = seen.contains(index) && top - index < ReplayWindow::kBits ? Replay::duplicate
                              : !seen.empty() && index + ReplayWindow::kBits <= top     ? Replay::too_old
                                                                                        : Replay::fresh;
      ASSERT_EQ(window.check(index), expected) << index << " below " << top;
      if (expected != Replay::fresh) continue;
      window.accept(index);
      seen.insert(index);
    }
  }
}

}  // namespace
}  // namespace penstock::srtp
