#include <gtest/gtest.h>

#include "dataplane/sfu/forward/timestamp_map.h"
#include "dataplane/sfu/forward/timestamp_units.h"

namespace penstock::sfu {
namespace {

constexpr std::uint32_t kRate = 90'000;
constexpr std::uint64_t kS = 1'000'000'000, kMs = 1'000'000;

// Entered at source timestamp 5000 as 1000 (or `first`); 3000 units and 33 ms on.
TimestampMap running(std::uint32_t first = 1000) {
  TimestampMap map;
  map.start(first);
  map.enter(5000, std::nullopt, 10 * kS, kRate);
  EXPECT_EQ(map.map(5000), first);
  map.sent(map.map(8000), 10 * kS + 33 * kMs);
  EXPECT_EQ(map.newest_sent(), first + 3000);
  return map;
}

TEST(TimestampMap, AnotherEncodingIsPlacedBySenderReports) {
  TimestampMap map = running();
  // Its packet took 200 ms longer to come than the last one's; its instant is 6000 units after 8000 of the last one.
  map.enter(777'000, 14'000, 10 * kS + 300 * kMs, kRate);
  EXPECT_EQ(map.map(777'000), 10'000U);
  EXPECT_EQ(map.map(780'000), 13'000U);
}

TEST(TimestampMap, WithoutReportsArrivalTimesCount) {
  TimestampMap map = running();
  map.enter(777'000, std::nullopt, 10 * kS + 133 * kMs, kRate);
  EXPECT_EQ(map.map(777'000), 4000U + 9000U);
}

TEST(TimestampMap, AbsurdReportsAreNotBelieved) {
  for (const std::uint32_t aligned : {14'000U + 3 * kRate, 14'000U - 3 * kRate, 14'000U + (1U << 31)}) {
    TimestampMap map = running();
    map.enter(777'000, aligned, 10 * kS + 133 * kMs, kRate);
    EXPECT_EQ(map.map(777'000), 4000U + 9000U) << aligned;
  }
}

TEST(TimestampMap, ASwitchNeverGoesBackwardsNorStands) {
  for (const std::uint32_t aligned : {8000U, 7999U, 5000U, 0U}) {  // captured no later than what was sent last
    TimestampMap map = running();
    map.enter(777'000, aligned, 10 * kS + 40 * kMs, kRate);
    EXPECT_EQ(map.map(777'000), 4001U) << aligned;
  }
  TimestampMap map = running();
  map.enter(777'000, std::nullopt, 9 * kS, kRate);
  EXPECT_EQ(map.map(777'000), 4001U) << "arrived at once, or before";
}

TEST(TimestampMap, WhatASwitchHadToAddIsGoneAfterTheNextOne) {
  TimestampMap map = running();
  map.enter(777'000, 7000, 10 * kS + 40 * kMs, kRate);  // 1001 too late
  ASSERT_EQ(map.map(777'000), 4001U);
  map.sent(map.map(780'000), 10 * kS + 73 * kMs);
  // Back to the first: the instant of 14,000 there is that of 784,000 here.
  map.enter(14'000, 784'000, 10 * kS + 140 * kMs, kRate);
  EXPECT_EQ(map.map(14'000), 10'000U);
}

TEST(TimestampMap, EverythingWraps) {
  TimestampMap map = running(0xffff'f000);
  map.enter(0xffff'fff0, 8000 + 6000, 10 * kS + 100 * kMs, kRate);
  EXPECT_EQ(map.map(0xffff'fff0), 0xffff'f000U + 3000 + 6000);
  EXPECT_EQ(map.map(0x10), 0xffff'f000U + 3000 + 6000 + 0x20);
  map.sent(map.map(0x10), 10 * kS + 100 * kMs);
  map.enter(1, std::nullopt, 10 * kS + 100 * kMs, kRate);
  EXPECT_EQ(map.map(1), map.newest_sent() + 1);
}

TEST(TimestampMap, UnitsSaturate) {
  EXPECT_EQ(timestamp_units(kS, kRate), kRate);
  EXPECT_EQ(timestamp_units(33'333'333, kRate), 2999U);
  EXPECT_EQ(timestamp_units(UINT64_MAX, kRate), 1U << 30);
  EXPECT_EQ(timestamp_units(UINT64_MAX, UINT32_MAX), 1U << 30);
  EXPECT_TRUE(within(5, 5, 0, kRate));
  EXPECT_TRUE(within(0xffff'ffff, kRate - 1, kS, kRate));
  EXPECT_FALSE(within(kRate, 0xffff'ffff, kS, kRate));
}

}  // namespace
}  // namespace penstock::sfu
