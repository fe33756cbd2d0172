#include "dataplane/rtp/wrapping.h"

#include <gtest/gtest.h>

#include <random>

namespace penstock::rtp {
namespace {

TEST(SequenceNumber, OrderWrapsAtTheTop) {
  struct Row {
    std::uint16_t a, b;
    int distance;
    bool newer;
  };
  for (const Row& row : {Row{1, 0, 1, true}, Row{0, 1, -1, false}, Row{0, 65535, 1, true}, Row{65535, 0, -1, false},
                         Row{5, 5, 0, false}, Row{32767, 0, 32767, true}, Row{32768, 0, -32768, false},
                         Row{0, 32768, -32768, false}, Row{10, 65530, 16, true}}) {
    EXPECT_EQ(SequenceNumber{row.a}.distance_from({row.b}), row.distance) << row.a << " " << row.b;
    EXPECT_EQ(SequenceNumber{row.a}.newer_than({row.b}), row.newer) << row.a << " " << row.b;
  }
}

TEST(SequenceNumber, StepsOfAnySizeWrap) {
  EXPECT_EQ(SequenceNumber{65535} + 1, SequenceNumber{0});
  EXPECT_EQ(SequenceNumber{0} - 1, SequenceNumber{65535});
  EXPECT_EQ(SequenceNumber{7} + 65536, SequenceNumber{7});
  EXPECT_EQ(SequenceNumber{7} + (-8), SequenceNumber{65535});
  SequenceNumber next{65535};
  EXPECT_EQ(++next, SequenceNumber{0});
}

TEST(Timestamp, OrderWrapsAtTheTop) {
  EXPECT_TRUE(Timestamp{0x10}.newer_than({0xffff'fff0}));
  EXPECT_EQ(Timestamp{0x10}.distance_from({0xffff'fff0}), 0x20);
  EXPECT_EQ(Timestamp{0xffff'ffff} + 2, Timestamp{1});
}

TEST(Unwrapper, FollowsForwardAndKeepsItsPlaceForLatePackets) {
  SequenceUnwrapper unwrapper;
  EXPECT_FALSE(unwrapper.started());
  EXPECT_EQ(unwrapper.unwrap({65534}), 65534);
  EXPECT_EQ(unwrapper.unwrap({1}), 65537);
  EXPECT_EQ(unwrapper.unwrap({65535}), 65535);  // late
  EXPECT_EQ(unwrapper.newest(), 65537);
  EXPECT_EQ(unwrapper.peek({40}), 65576);
  EXPECT_EQ(unwrapper.newest(), 65537);
  EXPECT_EQ(unwrapper.unwrap({2}), 65538);
}

TEST(Unwrapper, OlderThanTheFirstMayBeNegative) {
  SequenceUnwrapper unwrapper;
  EXPECT_EQ(unwrapper.unwrap({3}), 3);
  EXPECT_EQ(unwrapper.unwrap({65530}), -6);
  EXPECT_EQ(unwrapper.newest(), 3);
}

TEST(Unwrapper, TracksAWanderingSourceOverManyWraps) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> step(-3000, 6000);
  SequenceUnwrapper unwrapper;
  std::int64_t truth = 100'000, newest = truth;
  // The first value is the truth modulo 2^16; the difference stays.
  const std::int64_t offset = truth - unwrapper.unwrap({static_cast<std::uint16_t>(truth)});
  for (int i = 0; i < 10'000; ++i) {
    truth = newest + step(random);
    ASSERT_EQ(unwrapper.unwrap({static_cast<std::uint16_t>(truth)}) + offset, truth) << i;
    newest = std::max(newest, truth);
  }
  EXPECT_GT(newest, 10 * 65536);
}

}  // namespace
}  // namespace penstock::rtp
