#include <gtest/gtest.h>

#include "dataplane/sfu/forward/sent_packets.h"
#include "tests/sfu/forward_script.h"

namespace penstock::sfu::test {
namespace {

using Verdict = Resend::Verdict;
constexpr std::uint64_t kMs = 1'000'000;

// A subscription that forwards, remembers, and is asked. Numbers count from 1.
class SentPacketsTest : public testing::Test {
 protected:
  SentPacketsTest() : rings_{EncodingRing(memory_[0]), EncodingRing(memory_[1])}, sent_(records_) {
    SubscriptionParameters parameters;
    parameters.kind = MediaKind::video;
    parameters.first_sequence = kFirst;
    forwarder_.start(parameters);
    source_.encoding_count = 2;
    source_.active = 1;
    for (std::size_t i = 0; i < 2; ++i) source_.encodings[i].ring = &rings_[i];
  }
  ~SentPacketsTest() override {
    for (EncodingRing& ring : rings_) ring.clear();
  }

  Decision offer(std::uint8_t encoding, const StoredPacket& packet) {
    rings_[encoding].put(packet);
    const Decision decision = forwarder_.on_packet(source_, encoding, packet);
    if (decision) {
      const bool late = decision.outgoing.sequence != forwarder_.newest_sent();
      sent_.add(decision.outgoing, encoding, packet, late, now_ns_);
    }
    return decision;
  }
  Resend ask(int number, std::uint64_t rtt_ns = 100 * kMs) {
    const auto sequence = static_cast<std::uint16_t>(kFirst + number - 1);
    return sent_.find(forwarder_, source_, {sequence}, now_ns_, rtt_ns);
  }
  Verdict verdict(int number, std::uint64_t rtt_ns = 100 * kMs) { return ask(number, rtt_ns).verdict; }

  static constexpr std::uint16_t kFirst = 0xfffe;
  std::array<std::array<StoredPacket, 128>, 2> memory_;
  std::array<EncodingRing, 2> rings_;
  std::array<SentRecord, 64> records_;
  SentPackets sent_;
  Source source_;
  Forwarder forwarder_;
  std::uint64_t now_ns_ = 1'000'000'000;
};

void expect_same(const Outgoing& a, const Outgoing& b) {
  EXPECT_EQ(a.sequence, b.sequence);
  EXPECT_EQ(a.timestamp, b.timestamp);
  EXPECT_EQ(a.marker, b.marker);
  EXPECT_EQ(a.prefix_size, b.prefix_size);
  EXPECT_EQ(a.prefix, b.prefix);
}

TEST_F(SentPacketsTest, APacketIsBuiltAgainAsItWas) {
  const auto packets = clip("K 2yx2 1yx2 2 0 2 1 2", {.sequence = 0xffff'fffe});
  std::vector<Outgoing> sent;
  SubscriptionParameters limits;
  limits.max_temporal_layer = 1;
  forwarder_.set_limits(limits);
  for (const StoredPacket& packet : packets) {
    if (const Decision decision = offer(0, packet)) sent.push_back(decision.outgoing);
  }
  ASSERT_EQ(sent.size(), 5U);
  constexpr std::array<std::size_t, 5> kForwarded{0, 3, 4, 6, 8};
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const Resend again = ask(static_cast<int>(i) + 1);
    ASSERT_EQ(again.verdict, Verdict::resend) << i;
    EXPECT_EQ(again.packet->sequence, packets[kForwarded[i]].sequence);
    expect_same(again.outgoing, sent[i]);
  }
}

TEST_F(SentPacketsTest, WhatWasNotSentIsNotFound) {
  EXPECT_EQ(verdict(1), Verdict::not_sent);
  const auto packets = clip("K 0 0 0 0");
  offer(0, packets[0]);
  offer(0, packets[3]);
  EXPECT_EQ(verdict(2), Verdict::not_sent) << "never came";
  EXPECT_EQ(verdict(5), Verdict::not_sent) << "not yet";
  EXPECT_EQ(verdict(0), Verdict::not_sent) << "before the first";
  offer(0, packets[1]);
  EXPECT_EQ(verdict(2, 0), Verdict::too_soon) << "was asked for before it came; it has gone now";
  now_ns_ += 100 * kMs;
  EXPECT_EQ(verdict(2), Verdict::resend);
}

TEST_F(SentPacketsTest, NotTwiceWithinARoundTripNorForEver) {
  offer(0, clip("K")[0]);
  EXPECT_EQ(verdict(1), Verdict::resend) << "the first time there is no doubt";
  EXPECT_EQ(verdict(1), Verdict::too_soon);
  now_ns_ += 99 * kMs;
  EXPECT_EQ(verdict(1), Verdict::too_soon);
  now_ns_ += 1 * kMs;
  EXPECT_EQ(verdict(1), Verdict::resend);
  now_ns_ += 9 * kMs;
  EXPECT_EQ(verdict(1, 0), Verdict::too_soon) << "even where no round trip is known";
  for (int i = 2; i < SentPackets::kMostTries; ++i) {
    now_ns_ += 5000 * kMs;
    EXPECT_EQ(verdict(1, 60'000 * kMs), Verdict::resend) << "an absurd round trip is not believed; " << i;
  }
  now_ns_ += 5000 * kMs;
  EXPECT_EQ(verdict(1), Verdict::too_often);
}

TEST_F(SentPacketsTest, OldOnesAreForgotten) {
  std::string frames = "K";
  for (int i = 0; i < 127; ++i) frames += " 0";
  for (const StoredPacket& packet : clip(frames)) offer(0, packet);
  EXPECT_EQ(verdict(128), Verdict::resend);
  EXPECT_EQ(verdict(65), Verdict::resend);
  EXPECT_EQ(verdict(64), Verdict::not_sent);
  rings_[0].clear();
  EXPECT_EQ(verdict(100), Verdict::gone);
}

TEST_F(SentPacketsTest, PacketsOfTheLayerBeforeCanStillBeHad) {
  source_.active = 3;
  const auto low = clip("K 0", {.sequence = 70'000}), high = clip("K 0", {.sequence = 5});
  offer(0, low[0]);
  const Decision before = offer(0, low[1]);
  offer(1, high[0]);
  offer(1, high[1]);
  const Resend again = ask(2);
  ASSERT_EQ(again.verdict, Verdict::resend);
  EXPECT_EQ(again.encoding, 0);
  expect_same(again.outgoing, before.outgoing);
  EXPECT_EQ(verdict(3), Verdict::resend);
}

TEST_F(SentPacketsTest, ThoseOfAnotherTrackCannot) {
  for (const StoredPacket& packet : clip("K 0")) offer(0, packet);
  forwarder_.replace_source();
  EXPECT_EQ(verdict(2), Verdict::gone);
  for (const StoredPacket& packet : clip("K 0", {.sequence = 1002})) offer(0, packet);
  EXPECT_EQ(verdict(2), Verdict::gone);
  EXPECT_EQ(verdict(3), Verdict::resend);
}

TEST_F(SentPacketsTest, AnotherSubscriptionFindsNothing) {
  for (const StoredPacket& packet : clip("K 0")) offer(0, packet);
  sent_.clear();
  EXPECT_EQ(verdict(1), Verdict::not_sent);
}

}  // namespace
}  // namespace penstock::sfu::test
