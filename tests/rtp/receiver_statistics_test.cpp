#include "dataplane/rtp/receiver_statistics.h"

#include <gtest/gtest.h>

namespace penstock::rtp {
namespace {

using Verdict = ReceiverStatistics::Verdict;

constexpr Ssrc kSource{7};
constexpr std::uint32_t kRate_hz = 90'000;

class ReceiverStatisticsTest : public ::testing::Test {
 protected:
  /// One packet per millisecond, each 90 steps on.
  Verdict packet(int sequence) {
    now_us_ += 1000;
    timestamp_ = timestamp_ + 90;
    return statistics_.on_packet({static_cast<std::uint16_t>(sequence)}, timestamp_, now_us_, kRate_hz);
  }
  void packets(int first, int last) {
    for (int sequence = first; sequence <= last; ++sequence) packet(sequence);
  }
  ReportBlock report() { return statistics_.report(kSource, now_us_); }

  ReceiverStatistics statistics_{};
  std::uint64_t now_us_ = 50'000'000;
  Timestamp timestamp_{0xffff'ff00};
};

TEST_F(ReceiverStatisticsTest, TwoInARowEndProbation) {
  EXPECT_EQ(packet(10), Verdict::probation);
  EXPECT_FALSE(statistics_.valid());
  EXPECT_EQ(packet(11), Verdict::in_order);
  EXPECT_TRUE(statistics_.valid());
  EXPECT_EQ(statistics_.received(), 1u) << "counting starts with the packet that proved it (A.1)";
}

TEST_F(ReceiverStatisticsTest, StrayPacketsStayOnProbation) {
  for (const int sequence : {10, 500, 40'000, 9, 41'000}) EXPECT_EQ(packet(sequence), Verdict::probation) << sequence;
  EXPECT_EQ(packet(41'001), Verdict::in_order);
}

TEST_F(ReceiverStatisticsTest, ProbationAcrossTheWrap) {
  EXPECT_EQ(packet(65535), Verdict::probation);
  EXPECT_EQ(packet(0), Verdict::in_order);
  EXPECT_EQ(statistics_.extended_highest(), 0u);
}

TEST_F(ReceiverStatisticsTest, CyclesAreCounted) {
  packets(65530, 65536 + 10);
  EXPECT_EQ(statistics_.extended_highest(), 0x1'000au);
  packets(11, 65536 + 20);
  EXPECT_EQ(statistics_.extended_highest(), 0x2'0014u);
  EXPECT_EQ(statistics_.cumulative_lost(), 0);
}

TEST_F(ReceiverStatisticsTest, VerdictsByDistance) {
  packets(10'000, 10'010);
  EXPECT_EQ(packet(10'010), Verdict::late) << "a repetition";
  EXPECT_EQ(packet(10'011 + 2998), Verdict::in_order) << "the largest gap";
  EXPECT_EQ(packet(13'009 - 1024), Verdict::late);
  EXPECT_EQ(packet(13'009 - 1025), Verdict::jumped);
  EXPECT_EQ(packet(13'009 + 3000), Verdict::jumped);
  EXPECT_EQ(statistics_.extended_highest(), 13'009u);
}

TEST_F(ReceiverStatisticsTest, TwoInARowFarAwayAreARestart) {
  packets(10'000, 10'010);
  EXPECT_EQ(packet(50'000), Verdict::jumped);
  EXPECT_EQ(packet(50'002), Verdict::jumped) << "not in a row";
  EXPECT_EQ(packet(50'003), Verdict::restarted);
  EXPECT_EQ(statistics_.extended_highest(), 50'003u);
  EXPECT_EQ(statistics_.received(), 1u);
  EXPECT_EQ(statistics_.cumulative_lost(), 0);
  EXPECT_EQ(packet(50'004), Verdict::in_order);
}

TEST_F(ReceiverStatisticsTest, LossOfTheIntervalAndSinceTheStart) {
  packets(0, 100);
  EXPECT_EQ(report().fraction_lost, 0);
  packets(151, 200);  // 50 of 100 lost
  const ReportBlock half = report();
  EXPECT_EQ(half.source, kSource);
  EXPECT_EQ(half.fraction_lost, 128);
  EXPECT_EQ(half.cumulative_lost, 50);
  EXPECT_EQ(half.extended_highest, 200u);
  EXPECT_EQ(statistics_.fraction_lost(), 128);
  packets(201, 300);
  const ReportBlock none = report();
  EXPECT_EQ(none.fraction_lost, 0);
  EXPECT_EQ(none.cumulative_lost, 50);
}

TEST_F(ReceiverStatisticsTest, LatePacketsMakeGoodAndMayGoBelowZero) {
  packets(0, 10);
  packets(12, 20);
  EXPECT_EQ(statistics_.cumulative_lost(), 1);
  packet(11);
  EXPECT_EQ(statistics_.cumulative_lost(), 0);
  packet(11);
  const ReportBlock block = report();
  EXPECT_EQ(block.cumulative_lost, -1);
  EXPECT_EQ(block.fraction_lost, 0);
}

TEST_F(ReceiverStatisticsTest, AlmostEverythingLostSaturates) {
  packets(0, 1);
  report();
  packet(2900);
  EXPECT_EQ(report().fraction_lost, 255);
  EXPECT_EQ(report().fraction_lost, 0) << "an interval without packets";
}

TEST_F(ReceiverStatisticsTest, CumulativeLossIsClampedTo24Bits) {
  packets(0, 1);
  int sequence = 1;
  for (int i = 0; i < 3000; ++i) packet((sequence += 2999) & 0xffff);
  EXPECT_GT(statistics_.cumulative_lost(), 0x7f'ffff);
  EXPECT_EQ(report().cumulative_lost, 0x7f'ffff);
}

TEST_F(ReceiverStatisticsTest, SteadyArrivalHasNoJitter) {
  packets(0, 100);
  EXPECT_EQ(statistics_.jitter(), 0u);
}

TEST_F(ReceiverStatisticsTest, JitterFollowsA8) {
  packets(0, 1);
  // 16 ms late, then as planned: two steps of 1,440 in the running average of A.8.
  now_us_ += 16'000;
  packet(2);
  EXPECT_EQ(statistics_.jitter(), 1440u / 16);
  now_us_ -= 16'000;
  packet(3);
  EXPECT_EQ(statistics_.jitter(), (1440u + 1440 - (1440 + 8) / 16) / 16);
  EXPECT_EQ(statistics_.jitter_us(kRate_hz), statistics_.jitter() * 1'000'000ull / 90'000);
}

TEST_F(ReceiverStatisticsTest, RetransmissionsAndNewTimestampsAreNoJitter) {
  packets(0, 10);
  now_us_ += 500'000;
  EXPECT_EQ(packet(5), Verdict::late);
  now_us_ -= 500'000;
  packet(11);
  EXPECT_EQ(statistics_.jitter(), 0u);
  timestamp_ = timestamp_ + 90'000 * 3600;  // the encoder was set up anew
  packets(12, 20);
  EXPECT_EQ(statistics_.jitter(), 0u);
}

TEST_F(ReceiverStatisticsTest, LastSenderReportAndTheDelaySince) {
  packets(0, 10);
  EXPECT_EQ(report().last_sender_report, ShortNtp{});
  EXPECT_EQ(report().delay, 0u);
  statistics_.on_sender_report({0xb44d'b705'2000'0000}, now_us_);
  now_us_ += 5'250'000;
  const ReportBlock block = report();
  EXPECT_EQ(block.last_sender_report, (ShortNtp{0xb705'2000}));
  EXPECT_EQ(block.delay, 0x5'4000u);
  // With both, the sender knows the way there and back (RFC 3550 section 6.4.1, figure 2).
  EXPECT_EQ(round_trip_us(block, {0xb44d'b710'8000'0000}), 6'125'000u);
}

}  // namespace
}  // namespace penstock::rtp
