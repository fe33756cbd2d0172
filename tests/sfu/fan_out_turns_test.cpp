// A room with many receivers is served over several passes, in turns with others.

#include <gtest/gtest.h>

#include <map>

#include "tests/sfu/broadcast.h"

namespace penstock::sfu::test {
namespace {

constexpr std::uint32_t kCrowd = 400;

BedOptions roomy() {
  BedOptions options;
  options.sizes = {.endpoints = 64, .tracks = 64, .subscriptions = 1024};
  return options;
}

// One track with a crowd of subscriptions, all of one endpoint, and another one with a single viewer.
struct TwoRooms {
  SfuBed bed{roomy()};
  Client fat_publisher{bed, 0, client(1)};
  Client crowd{bed, 1, client(2)};
  Client lean_publisher{bed, 2, client(3)};
  Client viewer{bed, 3, client(4)};
  Layer fat{"q", 0xa1, 320, 180}, lean{"q", 0xb1, 320, 180};

  TwoRooms() {
    EXPECT_TRUE(fat_publisher.check() && crowd.check() && lean_publisher.check() && viewer.check());
    std::vector<Operation> operations{SetTrack{0, 1, simulcast(0)}, SetTrack{1, 1, simulcast(2)}};
    for (std::uint32_t i = 0; i < kCrowd; ++i) operations.emplace_back(of_crowd(i));
    operations.emplace_back(SetSubscription{kCrowd, 1, view_of(3, 1)});
    bed.update(std::move(operations));
    fat.send_frame(fat_publisher, true);
    lean.send_frame(lean_publisher, true);
    bed.run();
    EXPECT_EQ(crowd.take(viewer_ids()).rtp.size(), 2 * kCrowd);
    EXPECT_EQ(viewer.take(viewer_ids()).rtp.size(), 2U);
  }
  ~TwoRooms() { EXPECT_EQ(bed.imbalance(), ""); }

  static SetSubscription of_crowd(std::uint32_t n) {
    SubscriptionParameters p = view_of(1, 0);
    p.ssrc = 0x10000 + 2 * n;
    p.rtx_ssrc = p.ssrc + 1;
    return {n, 1, p};
  }
  /// Sequence numbers by SSRC, of what the crowd got since.
  std::map<std::uint32_t, std::vector<std::uint16_t>> taken() {
    std::map<std::uint32_t, std::vector<std::uint16_t>> by_ssrc;
    for (const Received& packet : crowd.take(viewer_ids()).rtp) {
      by_ssrc[rtp::to_wire(packet.header.ssrc)].push_back(packet.header.sequence.value);
    }
    return by_ssrc;
  }
};

TEST(FanOutTurns, APassDoesAPartAndTheOtherRoomIsNotHeldUp) {
  TwoRooms rooms;
  rooms.fat.send_frame(rooms.fat_publisher, false);
  rooms.lean.send_frame(rooms.lean_publisher, false);
  EXPECT_TRUE(rooms.bed.pass());
  EXPECT_EQ(rooms.viewer.take(viewer_ids()).rtp.size(), 2U);
  std::size_t got = rooms.crowd.take(viewer_ids()).rtp.size();
  EXPECT_GT(got, 50U);
  EXPECT_LT(got, 300U);
  for (int passes = 0; passes < 20 && got < 2 * kCrowd; ++passes) {
    rooms.bed.pass();
    const std::size_t more = rooms.crowd.take(viewer_ids()).rtp.size();
    EXPECT_LT(more, 300U);
    got += more;
  }
  EXPECT_EQ(got, 2 * kCrowd);
}

TEST(FanOutTurns, WhatComesMeanwhileFollowsInOrder) {
  TwoRooms rooms;
  for (int i = 0; i < 5; ++i) {
    rooms.fat.send_frame(rooms.fat_publisher, false);
    rooms.bed.pass();
  }
  rooms.bed.run();
  const auto taken = rooms.taken();
  ASSERT_EQ(taken.size(), kCrowd);
  for (const auto& [ssrc, sequences] : taken) {
    ASSERT_EQ(sequences.size(), 10U) << ssrc;
    for (std::size_t i = 1; i < sequences.size(); ++i) {
      EXPECT_EQ(sequences[i], static_cast<std::uint16_t>(sequences[i - 1] + 1)) << ssrc;
    }
  }
}

TEST(FanOutTurns, SubscriptionsMayLeaveInTheMiddle) {
  TwoRooms rooms;
  rooms.fat.send_frame(rooms.fat_publisher, false);
  rooms.bed.pass();
  std::vector<Operation> half;
  for (std::uint32_t i = 0; i < kCrowd; i += 2) half.emplace_back(RemoveSubscription{i});
  rooms.bed.update(std::move(half));
  const auto taken = rooms.taken();
  for (std::uint32_t i = 1; i < kCrowd; i += 2) EXPECT_EQ(taken.at(0x10000 + 2 * i).size(), 2U) << i;
}

TEST(FanOutTurns, AllMayLeaveInTheMiddle) {
  TwoRooms rooms;
  rooms.fat.send_frame(rooms.fat_publisher, false);
  rooms.bed.pass();
  std::vector<Operation> all;
  for (std::uint32_t i = 0; i < kCrowd; ++i) all.emplace_back(RemoveSubscription{i});
  rooms.bed.update(std::move(all));
  rooms.fat.send_frame(rooms.fat_publisher, false);
  rooms.bed.run();
  EXPECT_LT(rooms.taken().size(), kCrowd);
}

TEST(FanOutTurns, ATrackMayEndInTheMiddle) {
  TwoRooms rooms;
  for (int i = 0; i < 3; ++i) {
    rooms.fat.send_frame(rooms.fat_publisher, false);
    rooms.bed.pass();
  }
  rooms.taken();
  rooms.bed.update({RemoveTrack{0}});
  EXPECT_LT(rooms.taken().size(), kCrowd) << "nothing is forwarded of a track that is gone";
  rooms.lean.send_frame(rooms.lean_publisher, false);
  rooms.bed.run();
  EXPECT_EQ(rooms.viewer.take(viewer_ids()).rtp.size(), 2U);
}

TEST(FanOutTurns, SourcesMayBeExchangedInTheMiddle) {
  TwoRooms rooms;
  rooms.fat.send_frame(rooms.fat_publisher, false);
  rooms.bed.pass();
  std::vector<Operation> moved;
  for (std::uint32_t i = 0; i < kCrowd; i += 3) {
    SetSubscription set = TwoRooms::of_crowd(i);
    set.parameters.track = 1;
    moved.emplace_back(set);
  }
  rooms.bed.update(std::move(moved));
  rooms.taken();
  rooms.lean.send_frame(rooms.lean_publisher, true);
  rooms.bed.run();
  EXPECT_EQ(rooms.taken().size(), (kCrowd + 2) / 3);
}

}  // namespace
}  // namespace penstock::sfu::test
