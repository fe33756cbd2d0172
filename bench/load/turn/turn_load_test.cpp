// The generator's own arithmetic: a measuring instrument is checked before it is believed.

#include <gtest/gtest.h>

#include <cstring>

#include "bench/load/turn/histogram.h"
#include "bench/load/turn/ledger.h"
#include "bench/load/turn/options.h"
#include "bench/load/turn/pacer.h"

namespace penstock::load {
namespace {

TEST(HistogramTest, PercentilesAreAtMostOneSixtyFourthTooLarge) {
  for (const std::uint64_t value : {1ull, 63ull, 64ull, 127ull, 128ull, 1000ull, 31'415ull, 9'999'999ull, 1ull << 39}) {
    Histogram histogram;
    histogram.record(value);
    EXPECT_GE(histogram.percentile_ns(0.5), value);
    EXPECT_LE(histogram.percentile_ns(0.5), value + value / 64);
  }
}

TEST(HistogramTest, PercentileIsTheSmallestValueEnoughOthersDoNotExceed) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 50; ++value) histogram.record(value);
  EXPECT_EQ(histogram.percentile_ns(0.5), 25u);
  EXPECT_EQ(histogram.percentile_ns(0.99), 50u);
  EXPECT_EQ(histogram.percentile_ns(0), 1u);
  EXPECT_EQ(Histogram().percentile_ns(0.5), 0u);
  histogram.record(UINT64_MAX);
  EXPECT_EQ(histogram.max_ns(), (1ull << 40) - 1);
}

TEST(SequenceWindowTest, TellsLateFromDuplicate) {
  using Verdict = SequenceWindow::Verdict;
  SequenceWindow window;
  EXPECT_EQ(window.note(0), Verdict::in_order);
  EXPECT_EQ(window.note(2), Verdict::skipped);
  EXPECT_EQ(window.note(1), Verdict::late);
  EXPECT_EQ(window.note(1), Verdict::duplicate);
  EXPECT_EQ(window.note(2), Verdict::duplicate);
  EXPECT_EQ(window.note(200), Verdict::skipped);
  EXPECT_EQ(window.note(136), Verdict::duplicate) << "older than 64 packets";
  EXPECT_EQ(window.note(137), Verdict::late);
  EXPECT_EQ(window.next(), 201u);
}

std::array<std::uint8_t, 100> payload(const Stamp& stamp) {
  std::array<std::uint8_t, 100> bytes{};
  std::memcpy(bytes.data(), &stamp, sizeof stamp);
  return bytes;
}

TEST(LedgerTest, MeasuresWhatWasSentWithinTheInterval) {
  Ledger ledger(7, 10, 2, 100);
  ledger.open(1000);
  ledger.close(2000);
  EXPECT_EQ(ledger.note(payload({7, 10, 0, 999}), 100, 1500), 1u);
  EXPECT_EQ(ledger.note(payload({7, 10, 1, 1000}), 100, 1500), 1u);
  EXPECT_EQ(ledger.note(payload({7, 11, 4, 1999}), 100, 2500), 5u) << "four packets before it are lost";
  EXPECT_EQ(ledger.note(payload({7, 11, 5, 2000}), 100, 2500), 1u);
  EXPECT_EQ(ledger.delivered(), 4u);
  EXPECT_EQ(ledger.measured(), 2u);
}

TEST(LedgerTest, CountsNothingThatIsNotOurs) {
  Ledger ledger(7, 10, 2, 100);
  EXPECT_EQ(ledger.note(payload({8, 10, 0, 0}), 100, 1), 0u) << "another run";
  EXPECT_EQ(ledger.note(payload({7, 12, 0, 0}), 100, 1), 0u) << "no such stream";
  EXPECT_EQ(ledger.note(payload({7, 9, 0, 0}), 100, 1), 0u) << "no such stream";
  EXPECT_EQ(ledger.note(payload({7, 10, 0, 0}), 99, 1), 0u) << "cut short";
  EXPECT_EQ(ledger.foreign(), 4u);
  EXPECT_EQ(ledger.delivered(), 0u);
}

TEST(RatePacerTest, KeepsTheRateAndForgivesLongDelays) {
  RatePacer pacer(1000, 64, 0);
  std::uint64_t sent = 0;
  for (std::uint64_t now = 0; now < 1'000'000'000; now += 100'000) {
    const auto allowance = pacer.allowance(now);
    pacer.on_sent(allowance);
    sent += allowance;
  }
  EXPECT_EQ(sent, 1000u);
  EXPECT_EQ(pacer.allowance(11'000'000'000), 6u) << "5 ms of backlog, not ten seconds";
}

TEST(FlightWindowTest, GrowsWithoutLossAndShrinksWithIt) {
  FlightWindow window(64, 1024);
  EXPECT_EQ(window.allowance(0), 64u);
  for (int round = 0; round < 100; ++round) {
    const auto allowance = window.allowance(0);
    window.on_sent(allowance);
    for (std::uint64_t i = 0; i < allowance; ++i) window.on_settled(1, 0);
  }
  EXPECT_EQ(window.allowance(0), 1024u);
  window.on_sent(1024);
  window.on_settled(1024, 0);  // the last of them arrived, the others did not
  EXPECT_EQ(window.allowance(0), 768u);
}

TEST(FlightWindowTest, WritesOffWhatDoesNotArrive) {
  FlightWindow window(64, 1024);
  window.on_sent(64);
  EXPECT_EQ(window.allowance(1'000'000), 0u);
  EXPECT_EQ(window.allowance(6'000'000), 64u);
}

TEST(FlightWindowTest, WithoutABoundAlwaysAllows) {
  FlightWindow window(64, 0);
  window.on_sent(1'000'000);
  EXPECT_EQ(window.allowance(0), UINT64_MAX);
}

TEST(OptionsTest, RefusesWhatCannotBeMeasured) {
  Options good;
  good.server = {net::Address::v4(0x7f000001), 3478};
  good.client.address = net::Address::v4(0x7f010001);
  good.client_addresses = 50;
  good.allocations = 50;
  good.user = "u";
  ASSERT_TRUE(checked(good));
  const auto refused = [&](auto&& change) {
    Options bad = good;
    change(bad);
    return !checked(bad).has_value();
  };
  EXPECT_TRUE(refused([](Options& o) { o.payload_bytes = kStampBytes - 1; }));
  EXPECT_TRUE(refused([](Options& o) { o.payload_bytes = kLargestPayload + 1; }));
  EXPECT_TRUE(refused([](Options& o) { o.train = 0; }));
  EXPECT_TRUE(refused([](Options& o) { o.train = 60, o.payload_bytes = 1200; }));
  EXPECT_TRUE(refused([](Options& o) { o.server.port = 0; }));
  EXPECT_TRUE(refused([](Options& o) { o.user.clear(); }));
  EXPECT_TRUE(refused([](Options& o) { o.mode = Mode::hold; }));
  EXPECT_TRUE(refused([](Options& o) { o.bare_port = 5000; }));
}

}  // namespace
}  // namespace penstock::load
