#include "dataplane/rtp/sender_report_clock.h"

#include <gtest/gtest.h>

namespace penstock::rtp {
namespace {

constexpr NtpTime kNoon{0xb44d'b705'2000'0000};

NtpTime later(NtpTime from, double seconds) {
  return {from.value + static_cast<std::uint64_t>(static_cast<std::int64_t>(seconds * 4294967296.0))};
}

TEST(SenderReportClock, TimestampsOnTheWallAndBack) {
  SenderReportClock clock;
  EXPECT_FALSE(clock.known());
  clock.on_sender_report({kNoon, {1000}, 0, 0});
  EXPECT_TRUE(clock.known());
  EXPECT_EQ(clock.ntp_at({1000}, 90'000), kNoon);
  EXPECT_EQ(clock.ntp_at({1000 + 45'000}, 90'000), later(kNoon, 0.5));
  EXPECT_EQ(clock.ntp_at(Timestamp{1000} - 90'000, 90'000), later(kNoon, -1));
  EXPECT_EQ(clock.timestamp_at(later(kNoon, 2.5), 90'000), Timestamp{1000 + 225'000});
  EXPECT_EQ(clock.timestamp_at(later(kNoon, -0.5), 48'000), Timestamp{1000} - 24'000);
}

TEST(SenderReportClock, ThereAndBackIsTheSameStep) {
  SenderReportClock clock;
  clock.on_sender_report({kNoon, {0x8000'0000}, 0, 0});
  for (const std::uint32_t rate : {8'000u, 44'100u, 48'000u, 90'000u}) {
    for (std::int64_t steps = -2'000'000'000; steps < 2'000'000'000; steps += 7'777'777) {
      const Timestamp timestamp = Timestamp{0x8000'0000} + steps;
      ASSERT_EQ(clock.timestamp_at(clock.ntp_at(timestamp, rate), rate), timestamp) << steps << " at " << rate;
    }
  }
  EXPECT_EQ(clock.timestamp_at(clock.ntp_at({0}, 1), 1), Timestamp{0}) << "the farthest there is";
}

TEST(SenderReportClock, TwoLayersOfOneCameraAlign) {
  SenderReportClock low, high;
  EXPECT_EQ(align(low, {0}, 90'000, high, 90'000), std::nullopt);
  low.on_sender_report({kNoon, {0xffff'ff00}, 0, 0});
  EXPECT_EQ(align(low, {0}, 90'000, high, 90'000), std::nullopt);
  high.on_sender_report({later(kNoon, 1), {500'000}, 0, 0});
  // Low's report is of noon, high's of a second later; the frame is of half a second past noon.
  const Timestamp frame = Timestamp{0xffff'ff00} + 45'000;
  EXPECT_EQ(align(low, frame, 90'000, high, 90'000), Timestamp{500'000 - 45'000});
  EXPECT_EQ(align(high, {500'000 - 45'000}, 90'000, low, 90'000), frame);
}

TEST(SenderReportClock, SoundAndPictureAlignAcrossRates) {
  SenderReportClock sound, picture;
  sound.on_sender_report({kNoon, {0}, 0, 0});
  picture.on_sender_report({kNoon, {0}, 0, 0});
  EXPECT_EQ(align(sound, {48'000}, 48'000, picture, 90'000), Timestamp{90'000});
}

TEST(SenderReportClock, ANewReportReplacesTheOld) {
  SenderReportClock clock;
  clock.on_sender_report({kNoon, {0}, 0, 0});
  clock.on_sender_report({later(kNoon, 10), {7}, 0, 0});
  EXPECT_EQ(clock.ntp_at({7}, 90'000), later(kNoon, 10));
}

}  // namespace
}  // namespace penstock::rtp
