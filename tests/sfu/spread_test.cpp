// A room over two workers: what a viewer gets does not depend on which one it is on.

#include <gtest/gtest.h>

#include "dataplane/rtp/rtcp_feedback.h"
#include "dataplane/rtp/rtcp_reports.h"
#include "tests/sfu/two_workers.h"

namespace penstock::sfu::test {
namespace {

TEST(Neighbours, LendNobodyMoreThanItHasViewsFor) {
  for (std::uint16_t workers = 2; workers < 128; ++workers) {
    const auto options = NeighbourOptions::suiting(workers, 16384);
    EXPECT_LE(options.lent * (workers - 1U), 16384U);
    EXPECT_GE(options.lent, 1U);
  }
}

// Continuous numbers from where the subscription begins, or after what came before.
void expect_continuous(const std::vector<Received>& packets, std::uint16_t next = 65530) {
  for (const Received& packet : packets) ASSERT_EQ(packet.header.sequence.value, next++);
}

unsigned pictures_asked_for(Client& publisher) {
  unsigned asked = 0;
  for_each_rtcp(publisher.take(), [&](const rtp::RtcpPacket& packet) { asked += rtp::picture_loss(packet) ? 1 : 0; });
  return asked;
}

TEST(Spread, ViewersOnEitherWorkerGetTheSamePackets) {
  TwoWorkers room;
  room.frames(20, true);
  const auto near = room.near.take(viewer_ids()).rtp, far = room.far.take(viewer_ids()).rtp;
  ASSERT_EQ(near.size(), 42U);
  ASSERT_EQ(far.size(), near.size());
  expect_continuous(near);
  expect_continuous(far);
  for (std::size_t i = 0; i < near.size(); ++i) {
    EXPECT_EQ(far[i].payload, near[i].payload);
    EXPECT_EQ(far[i].header.timestamp.value, near[i].header.timestamp.value);
    EXPECT_EQ(far[i].header.marker, near[i].header.marker);
  }
  EXPECT_EQ(room.first.stats().packets_shared.get(), 120U) << "each packet of three layers once";
  EXPECT_EQ(room.second.stats().packets_taken.get(), 120U);
}

TEST(Spread, WhatAViewerElsewhereNeedsIsAskedOfThePublisherOnce) {
  TwoWorkers room;
  room.first.update({RemoveSubscription{0}});
  room.first.advance(1000 * kMs);
  room.publisher.take();
  room.frames(2);
  const unsigned asked = pictures_asked_for(room.publisher);
  EXPECT_GE(asked, 1U);
  EXPECT_LE(asked, 3U);
  room.frames(3, true);
  EXPECT_FALSE(room.far.take(viewer_ids()).rtp.empty());
}

TEST(Spread, AViewersOwnWishCrosses) {
  TwoWorkers room;
  room.frames(20, true);
  room.publisher.take();
  std::array<std::uint8_t, 128> buffer;
  rtp::RtcpWriter writer(buffer);
  writer.receiver_report(rtp::Ssrc{7});
  writer.picture_loss(rtp::Ssrc{7}, rtp::Ssrc{0x1000});
  room.far.send_rtcp(std::span(buffer).first(writer.size()));
  room.first.run();
  EXPECT_EQ(pictures_asked_for(room.publisher), 1U);
  EXPECT_EQ(room.second.stats().wishes_sent.get(), room.first.stats().wishes_received.get());
}

TEST(Spread, LayersAreSwitchedWithoutAGapOnTheOtherWorkerToo) {
  TwoWorkers room;
  room.frames(3, true);
  auto taken = room.far.take(viewer_ids()).rtp;
  auto lower = view_of(0, 3);
  lower.max_spatial_layer = 0;
  room.second.update({SetSubscription{0, 1, lower}});
  room.frames(2);
  room.frames(2, true);
  const auto after = room.far.take(viewer_ids()).rtp;
  ASSERT_EQ(after.size(), 8U);
  EXPECT_EQ(after.front().payload.back(), 0xa3) << "the old layer goes on until the key frame";
  EXPECT_EQ(after.back().payload.back(), 0xa1);
  taken.insert(taken.end(), after.begin(), after.end());
  expect_continuous(taken);
}

TEST(Spread, WhatWasLostIsSentAgainFromTheMirror) {
  TwoWorkers room;
  room.frames(3, true);
  const auto taken = room.far.take(viewer_ids()).rtp;
  std::array<std::uint8_t, 128> buffer;
  rtp::RtcpWriter writer(buffer);
  writer.receiver_report(rtp::Ssrc{7});
  const std::array lost{rtp::SequenceNumber{65532}};
  writer.nack(rtp::Ssrc{7}, rtp::Ssrc{0x1000}, lost);
  room.far.send_rtcp(std::span(buffer).first(writer.size()));
  room.second.pass();
  const auto again = room.far.take(viewer_ids()).rtp;
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(rtp::to_wire(again[0].header.ssrc), 0x2000U);
  EXPECT_EQ(Payload(again[0].payload.begin() + 2, again[0].payload.end()), taken[2].payload);
}

rtp::SenderInfo last_report(Client& viewer) {
  rtp::SenderInfo info{};
  for_each_rtcp(viewer.take(viewer_ids()), [&](const rtp::RtcpPacket& packet) {
    if (const auto report = rtp::sender_report(packet)) info = report->info;
  });
  return info;
}

TEST(Spread, SenderReportsTellThePublishersTimeOnBothWorkers) {
  TwoWorkers room;
  room.frames(3, true);
  for (const Layer& layer : room.layers) {
    std::array<std::uint8_t, 128> buffer;
    rtp::RtcpWriter writer(buffer);
    writer.sender_report(rtp::Ssrc{layer.ssrc}, {.ntp = rtp::ntp_from_unix_ns(1'700'000'000'000'000'000),
                                                 .rtp = {layer.timestamp + 777},
                                                 .packets = 1,
                                                 .octets = 1});
    room.publisher.send_rtcp(std::span(buffer).first(writer.size()));
  }
  room.first.run();
  room.frames(66);
  const rtp::SenderInfo near = last_report(room.near), far = last_report(room.far);
  ASSERT_NE(far.packets, 0U);
  EXPECT_EQ(far.rtp.value - near.rtp.value, 0U) << "both take their turns at the same time, from the same clocks";
  EXPECT_EQ(room.first.stats().packets_share_lost.get(), 0U);
}

TEST(Spread, FollowsAPublisherThatChangesItsSsrc) {
  TwoWorkers room;
  room.frames(3, true);
  auto taken = room.far.take(viewer_ids()).rtp;
  room.first.advance(600 * kMs);
  for (Layer& layer : room.layers) {
    layer.ssrc += 0x10;
    layer.sequence = 7;
  }
  room.frames(3, true);
  const auto after = room.far.take(viewer_ids()).rtp;
  ASSERT_GE(after.size(), 6U);
  taken.insert(taken.end(), after.begin(), after.end());
  expect_continuous(taken);
}

TEST(Spread, EncodingsThatEndAreLeftOnTheOtherWorkerToo) {
  TwoWorkers room;
  room.frames(3, true);
  room.far.take();
  Layer top = room.layers.back();
  room.layers.pop_back();
  room.frames(60);
  room.frames(3, true);
  const auto after = room.far.take(viewer_ids()).rtp;
  ASSERT_FALSE(after.empty());
  EXPECT_EQ(after.back().payload.back(), 0xa2);
}

// Either side may go first; slots are used again at once.
TEST(Spread, TracksAndMirrorsComeAndGoInAnyOrder) {
  TwoWorkers room;
  room.frames(3, true);
  room.second.update({RemoveTrack{3}});
  room.frames(3);
  EXPECT_EQ(room.second.stats().packets_unclaimed.get(), 18U);
  EXPECT_EQ(room.second.stats().mirrors.get(), 0U);

  room.second.update({SetTrack{3, 99, mirror_of(simulcast(0), 0, TwoWorkers::kOrigin)}});
  room.frames(1);
  EXPECT_EQ(room.second.stats().packets_unclaimed.get(), 24U) << "meant for who had the slot before";

  room.first.update({AddMirror{0, 1, 3, 99}});
  room.second.update({SetSubscription{0, 1, view_of(0, 3)}});
  room.far.take();
  room.frames(3, true);
  EXPECT_FALSE(room.far.take(viewer_ids()).rtp.empty());
  EXPECT_EQ(room.first.stats().mirrors_fed.get(), 1U);

  room.first.update({RemoveTrack{0}});
  EXPECT_EQ(room.first.stats().mirrors_fed.get(), 0U);
  room.second.advance(500 * kMs);
  room.second.update({RemoveTrack{3}, SetTrack{3, 100, mirror_of(simulcast(0), 0, 12)}});
  room.first.update({SetTrack{0, 12, simulcast(0)}, AddMirror{0, 1, 3, 100}, RemoveMirror{0, 1}, RemoveMirror{0, 1}});
  room.frames(2, true);
  EXPECT_EQ(room.second.stats().packets_unclaimed.get(), 24U);
}

// Wishes are checked like packets are: what they name may have ended.
TEST(Spread, WishesForTracksThatAreGoneAreNotHeeded) {
  TwoWorkers room;
  Road& road = room.site->neighbours->road(0, 1);
  room.frames(1, true);
  const std::uint64_t before = room.first.stats().wishes_received.get();
  for (const Wish wish : {Wish{0, 7, 0}, Wish{5, TwoWorkers::kOrigin, 0}, Wish{1'000'000, 1, 0}, Wish{kNoSlot, 0, 0},
                          Wish{0, TwoWorkers::kOrigin, 3}}) {
    EXPECT_TRUE(road.wishes.send(wish));
  }
  room.first.run();
  EXPECT_EQ(room.first.stats().wishes_received.get(), before);
}

TEST(Spread, AllPacketsComeHome) {
  TwoWorkers room;
  room.frames(30, true);
  EXPECT_GT(room.second.stats().views.get(), 0U);
  room.first.advance(3000 * kMs);
  EXPECT_EQ(room.second.stats().views.get(), 0U);
  EXPECT_EQ(room.first.stats().media_packets.get(), 0U);
  room.frames(30, true);
  room.second.update({RemoveTrack{3}});
  room.first.update({RemoveTrack{0}});
  room.first.advance(200 * kMs);
  EXPECT_EQ(room.second.stats().views.get(), 0U);
  EXPECT_EQ(room.first.stats().media_packets.get(), 0U);
}

TEST(Spread, AFullLaneLosesPacketsAndNothingElse) {
  TwoWorkers room({.packets = 4});
  for (Layer& layer : room.layers) layer.send_frame(room.publisher, true);
  EXPECT_TRUE(room.first.pass());
  EXPECT_EQ(room.first.stats().packets_shared.get(), 4U);
  EXPECT_EQ(room.first.stats().packets_share_lost.get(), 2U);
  room.first.run();
  EXPECT_EQ(room.near.take(viewer_ids()).rtp.size(), 4U) << "who is on the publisher's worker gets all";
  EXPECT_FALSE(room.far.take(viewer_ids()).rtp.empty());
  room.first.advance(3000 * kMs);
  EXPECT_EQ(room.first.stats().media_packets.get(), 0U);
}

TEST(Spread, AWorkerHasNoMoreThanItsShareOfAnothersStore) {
  TwoWorkers room({.lent = 10});
  room.frames(5, true);
  EXPECT_EQ(room.first.stats().packets_shared.get(), 10U);
  EXPECT_EQ(room.first.stats().packets_share_lost.get(), 20U);
  room.first.advance(2500 * kMs);
  room.frames(1, true);
  EXPECT_EQ(room.first.stats().packets_shared.get(), 16U) << "what came back may be lent again";
}

}  // namespace
}  // namespace penstock::sfu::test
