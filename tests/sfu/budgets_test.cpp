// Nothing that can wait holds up media: updates are applied in steps, long operations over several passes.

#include <gtest/gtest.h>

#include "dataplane/sfu/apply.h"
#include "tests/sfu/broadcast.h"

namespace penstock::sfu::test {
namespace {

constexpr std::uint32_t kMany = 5000;

BedOptions roomy() {
  BedOptions options;
  options.sizes = {.endpoints = 64, .tracks = 64, .subscriptions = 32768};
  return options;
}

// A publisher, one viewer, and a crowd that has nothing to do but to be in the tables: on an endpoint that is not
// there.
struct Crowd {
  SfuBed bed{roomy()};
  Client publisher{bed, 0, client(1)};
  Client viewer{bed, 1, client(2)};
  Client absent{bed, 2, client(3)};
  Layer layer{"q", 0xa1, 320, 180};

  Crowd() {
    EXPECT_TRUE(publisher.check() && viewer.check());
    bed.update({SetTrack{0, 1, simulcast(0)}, SetSubscription{0, 1, view_of(1, 0)}});
  }
  ~Crowd() { EXPECT_EQ(bed.imbalance(), ""); }

  static SetSubscription of_crowd(std::uint32_t n, TrackSlot track) {
    SubscriptionParameters p = view_of(2, track);
    p.ssrc = 0x10000 + 2 * n;
    p.rtx_ssrc = p.ssrc + 1;
    return {1 + n, 7, p};
  }
  std::vector<Operation> crowd(std::uint32_t count, TrackSlot track) const {
    std::vector<Operation> operations;
    for (std::uint32_t i = 0; i < count; ++i) operations.emplace_back(of_crowd(i, track));
    return operations;
  }
  /// Passes until the last update is applied, with a frame for each. Returns the most operations of one pass.
  std::uint64_t apply(unsigned& passes) {
    std::uint64_t most = 0, before = bed.stats().operations.get();
    for (passes = 0; bed.service().applied() < bed.updates(); ++passes) {
      layer.send_frame(publisher, true);
      bed.step(kMs);
      most = std::max(most, bed.stats().operations.get() - before);
      before = bed.stats().operations.get();
    }
    return most;
  }
};

TEST(Budgets, ALargeUpdateIsAppliedInSteps) {
  Crowd c;
  c.bed.post(c.crowd(20'000, kNoSlot));
  unsigned passes = 0;
  EXPECT_LE(c.apply(passes), 64U);
  EXPECT_GT(passes, 300U);
  EXPECT_EQ(c.bed.stats().subscriptions.get(), 20'001U);
  EXPECT_GE(c.viewer.take(viewer_ids()).rtp.size(), 2 * passes) << "media flows between";
}

TEST(Budgets, SmallUpdatesAreAppliedInOrderWithinOnePass) {
  Crowd c;
  for (std::uint32_t i = 0; i < 10; ++i) c.bed.post({SetSubscription{Crowd::of_crowd(i, 0)}});
  unsigned passes = 0;
  c.apply(passes);
  EXPECT_LE(passes, 2U);
  EXPECT_EQ(c.bed.stats().subscriptions.get(), 11U);
}

TEST(Budgets, ATrackOfThousandsIsRemovedOverSeveralPasses) {
  Crowd c;
  c.bed.update(c.crowd(kMany, 0));
  c.layer.send_frame(c.publisher, true);
  c.bed.run();
  c.viewer.take();
  c.bed.post({RemoveTrack{0}, SetTrack{0, 2, simulcast(0)}, SetSubscription{0, 1, view_of(1, 0)}});
  unsigned passes = 0;
  c.apply(passes);
  EXPECT_GT(passes, kMany * 3 / UpdateQueue::kUnitsPerPass);
  EXPECT_LT(passes, 64U);
  EXPECT_EQ(c.bed.stats().tracks.get(), 1U);
  c.bed.advance(600 * kMs);
  c.layer.ssrc += 1;
  c.layer.send_frame(c.publisher, true);
  c.bed.run();
  const auto taken = c.viewer.take(viewer_ids()).rtp;
  ASSERT_FALSE(taken.empty());
  std::uint16_t next = taken.front().header.sequence.value;
  for (const Received& packet : taken) EXPECT_EQ(packet.header.sequence.value, next++);
}

TEST(Budgets, AnEndpointOfThousandsIsRemovedOverSeveralPasses) {
  Crowd c;
  c.bed.update(c.crowd(kMany, 0));
  c.bed.post({RemoveEndpoint{2}});
  unsigned passes = 0;
  c.apply(passes);
  EXPECT_GT(passes, kMany * 8 / UpdateQueue::kUnitsPerPass);
  EXPECT_EQ(c.bed.stats().subscriptions.get(), 1U);
  EXPECT_EQ(c.bed.stats().endpoints.get(), 2U);
}

// What a viewer asks for again costs a bounded part of a pass; the next pass hears others.
TEST(Budgets, AFloodOfFeedbackIsDroppedAndOthersAreHeard) {
  Broadcast b;
  Client second(b.bed, 2, client(3));
  ASSERT_TRUE(second.check());
  b.bed.update({SetSubscription{1, 1, view_of(2, 0)}});
  b.frames(3, true);
  std::vector<rtp::SequenceNumber> everything;
  for (std::uint16_t i = 0; i < 250; ++i) everything.push_back({static_cast<std::uint16_t>(65530 - 17 * i)});
  std::array<std::uint8_t, 1100> buffer;
  rtp::RtcpWriter writer(buffer);
  writer.receiver_report(rtp::Ssrc{7});
  writer.nack(rtp::Ssrc{7}, rtp::Ssrc{0x1001}, everything);
  for (int i = 0; i < 60; ++i) b.viewer.send_rtcp(std::span(buffer).first(writer.size()));
  b.bed.pass();
  EXPECT_GE(b.bed.dropped(net::Drop::rtcp_overload), 50U);
  EXPECT_LE(b.bed.stats().nacks_received.get(), 1500U);

  b.publisher.take();
  for (int i = 0; i < 60; ++i) b.viewer.send_rtcp(std::span(buffer).first(writer.size()));
  std::array<std::uint8_t, 128> wish;
  rtp::RtcpWriter other(wish);
  other.receiver_report(rtp::Ssrc{8});
  other.picture_loss(rtp::Ssrc{8}, rtp::Ssrc{0x1002});
  second.send_rtcp(std::span(wish).first(other.size()));
  for (int i = 0; i < 10; ++i) b.bed.pass();
  EXPECT_EQ(b.bed.board().subscriptions[1].plis.get(), 1U) << "who floods has used up its own allowance";
}

TEST(Budgets, AnEndpointThatTakesItsTrackAlongIsOneOperation) {
  Broadcast b;
  const std::uint64_t before = b.bed.stats().operations.get();
  b.bed.update({RemoveEndpoint{0}});
  EXPECT_EQ(b.bed.stats().tracks.get(), 0U);
  EXPECT_EQ(b.bed.stats().operations.get(), before + 1);
}

// A compound of an empty receiver report and one packet of feedback to the viewer's stream.
Payload feedback(std::uint8_t type, std::uint8_t format, std::span<const std::uint8_t> items) {
  Payload compound{0x80, 201, 0, 1, 0, 0, 0, 7};
  compound.insert(compound.end(), {static_cast<std::uint8_t>(0x80 | format), type});
  const std::size_t words = 2 + items.size() / 4;
  compound.insert(compound.end(), {static_cast<std::uint8_t>(words >> 8), static_cast<std::uint8_t>(words)});
  compound.insert(compound.end(), {0, 0, 0, 7, 0, 0, 0x10, 0x01});
  compound.insert(compound.end(), items.begin(), items.end());
  return compound;
}

// Each item asks for 17 numbers.
Payload long_nack(std::size_t items) {
  Payload bytes;
  for (std::size_t i = 0; i < items; ++i) {
    const auto first = static_cast<std::uint16_t>(17 * i);
    bytes.insert(bytes.end(), {static_cast<std::uint8_t>(first >> 8), static_cast<std::uint8_t>(first), 0xff, 0xff});
  }
  return feedback(205, 1, bytes);
}

TEST(Budgets, ANackIsWalkedAsFarAsAnythingIsKept) {
  Broadcast b;
  b.frames(3, true);
  b.viewer.send_rtcp(long_nack(480));
  b.bed.pass();
  EXPECT_GE(b.bed.stats().nacks_received.get(), kSentRecords);
  EXPECT_LT(b.bed.stats().nacks_received.get(), kSentRecords + 17);
}

TEST(Budgets, WhatWasSpentTooMuchIsPaidBackFirst) {
  Broadcast b;
  b.frames(3, true);
  // The last one taken of each window costs more than was left.
  for (int i = 0; i < 100; ++i) {
    b.viewer.send_rtcp(long_nack(25));
    b.viewer.send_rtcp(long_nack(480));
    b.bed.step(10 * kMs);
  }
  EXPECT_LE(b.bed.stats().nacks_received.get(), 50U * kRtcpUnitsPerPass / 2 + 2 * kSentRecords);
  EXPECT_GE(b.bed.stats().nacks_received.get(), 30U * kRtcpUnitsPerPass / 2);
}

TEST(Budgets, LongFeedbackIsRefused) {
  Broadcast b;
  b.frames(3, true);
  b.viewer.send_rtcp(long_nack(500));
  b.bed.pass();
  EXPECT_EQ(b.bed.dropped(net::Drop::malformed_rtcp), 1U);
  EXPECT_EQ(b.bed.stats().nacks_received.get(), 0U);
}

TEST(Budgets, OfALongListOfWishesTheFirstAreHeeded) {
  Broadcast b;
  b.frames(3, true);
  Payload wishes;
  for (int i = 0; i < 200; ++i) wishes.insert(wishes.end(), {0, 0, 0x10, 0x01, 1, 0, 0, 0});
  b.viewer.send_rtcp(feedback(206, 4, wishes));
  b.bed.pass();
  EXPECT_EQ(b.bed.stats().firs_received.get(), 1U);
  EXPECT_EQ(b.bed.board().subscriptions[0].plis.get(), 16U);
}

// Statuses of packets that were never sent, 14 in two bytes.
TEST(Budgets, TransportFeedbackCostsWhatItsSizeCosts) {
  Broadcast b;
  b.frames(3, true);
  Payload statuses{0, 0, 0x2e, 0xe0, 0, 0, 0, 0};  // 12,000
  for (int i = 0; i < 858; ++i) statuses.insert(statuses.end(), {0x80, 0x00});
  for (int i = 0; i < 20; ++i) b.viewer.send_rtcp(feedback(205, 15, statuses));
  b.bed.pass();
  EXPECT_GE(b.bed.stats().transport_feedback_received.get(), 1U);
  EXPECT_LE(b.bed.stats().transport_feedback_received.get(), 2U);
}

TEST(Budgets, WhatIsForgedIsNotAtItsVictimsExpense) {
  Broadcast b;
  b.frames(3, true);
  const Payload forged(60, 0x5a);
  Payload report{0x80, 201, 0, 14};
  report.insert(report.end(), forged.begin(), forged.end());
  for (int i = 0; i < 60; ++i) b.viewer.send(report);
  b.bed.pass();
  EXPECT_GE(b.bed.stats().srtcp_forged.get(), 30U);
  b.bed.pass();
  b.viewer.send_rtcp(long_nack(1));
  b.bed.pass();
  EXPECT_EQ(b.bed.stats().nacks_received.get(), 17U);
}

}  // namespace
}  // namespace penstock::sfu::test
