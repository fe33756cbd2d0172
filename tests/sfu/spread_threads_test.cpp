// A room over two workers, each on its own thread: what crosses between them is one thread's at a time.

#include <gtest/gtest.h>

#include <thread>

#include "tests/sfu/two_workers.h"

namespace penstock::sfu::test {
namespace {

void ask_again_for(Client& viewer, std::uint32_t ssrc, std::span<const rtp::SequenceNumber> lost) {
  std::array<std::uint8_t, 1100> buffer;
  rtp::RtcpWriter writer(buffer);
  writer.receiver_report(rtp::Ssrc{7});
  writer.nack(rtp::Ssrc{7}, rtp::Ssrc{ssrc}, lost);
  writer.picture_loss(rtp::Ssrc{7}, rtp::Ssrc{ssrc});
  viewer.send_rtcp(std::span(buffer).first(writer.size()));
}

TEST(SpreadThreads, ViewersOnEitherWorkerGetTheSamePackets) {
  TwoWorkers room({}, true);
  // Which of the lower layers are shown before the key frame of the best one has come depends on the moment.
  std::vector<Received> near, far;
  const auto is_best = [](const Received& packet) { return packet.payload.back() == 0xa3; };
  for (int i = 0; i < 60; ++i) {
    for (Layer& layer : room.layers) layer.send_frame(room.publisher, i == 0);
    room.first.advance(2 * kMs);
    for (const auto& packet : room.near.take(viewer_ids()).rtp) {
      if (rtp::to_wire(packet.header.ssrc) == 0x1001 && is_best(packet)) near.push_back(packet);
    }
    for (const auto& packet : room.far.take(viewer_ids()).rtp) {
      if (rtp::to_wire(packet.header.ssrc) == 0x1000 && is_best(packet)) far.push_back(packet);
    }
    if (i % 10 == 0 && !far.empty()) ask_again_for(room.far, 0x1000, std::array{far.back().header.sequence});
  }
  ASSERT_EQ(near.size(), 120U);
  ASSERT_EQ(far.size(), near.size());
  // But for the picture ids: they count from the first picture that was shown.
  const auto rest = [](const Received& packet) { return Payload(packet.payload.begin() + 4, packet.payload.end()); };
  for (std::size_t i = 0; i < near.size(); ++i) ASSERT_EQ(rest(far[i]), rest(near[i]));
  EXPECT_GT(room.second.stats().retransmitted.get(), 0U);
  // Not as long as the last key frame is fresh.
  for (int i = 0; i < 100 && room.first.stats().wishes_received.get() == 0; ++i) {
    if (i % 20 == 0) ask_again_for(room.far, 0x1000, std::array{far.back().header.sequence});
    room.first.advance(10 * kMs);
  }
  EXPECT_GT(room.first.stats().wishes_received.get(), 0U);
}

TEST(SpreadThreads, MirrorsComeAndGoWhileMediaFlows) {
  TwoWorkers room({}, true);
  std::uint32_t generation = 100;
  bool came = false;
  // At least thirty times; on a busy machine a mirror may be gone again before its first key frame has come to it.
  for (int i = 0; i < 30 || (!came && i < 300); ++i) {
    for (Layer& layer : room.layers) layer.send_frame(room.publisher, true);
    ++generation;
    room.second.update({RemoveTrack{3}, SetTrack{3, generation, mirror_of(simulcast(0), 0, TwoWorkers::kOrigin)},
                        SetSubscription{0, 1, view_of(0, 3)}});
    room.first.update({AddMirror{0, 1, 3, generation}});
    if (i % 8 == 7) room.first.update({RemoveTrack{0}, SetTrack{0, TwoWorkers::kOrigin, simulcast(0)}});
    came |= !room.far.take(viewer_ids()).rtp.empty();
  }
  EXPECT_TRUE(came);
  room.second.update({RemoveTrack{3}});
  room.first.update({RemoveTrack{0}});
  room.first.advance(300 * kMs);
  const auto held = [&] { return room.second.stats().views.get() + room.first.stats().media_packets.get(); };
  for (int i = 0; i < 50 && held() != 0; ++i) room.first.advance(100 * kMs);
  EXPECT_EQ(room.second.stats().views.get(), 0U);
  EXPECT_EQ(room.first.stats().media_packets.get(), 0U);
}

// Two workers compete for the seats of one room at the same time.
TEST(SpreadThreads, SeatsOfSpeakersAreNeverTakenTwice) {
  SpeakerBoard board(1);
  constexpr std::uint64_t kNow = 1'000'000'000;
  const auto compete = [&](std::uint16_t worker) {
    for (unsigned round = 0; round < 2000; ++round) {
      for (TrackSlot track = 0; track < 8; ++track) {
        board.speaks(0, 4, {worker, track, static_cast<std::uint8_t>((round * 37 + track * 11 + worker * 5) % 128)},
                     kNow);
      }
      if (round % 16 == 0) board.leave(0, worker, round / 16 % 8);
    }
  };
  std::thread other(compete, std::uint16_t{1});
  compete(0);
  other.join();
  auto seated = board.speakers(0, kNow);
  EXPECT_LE(seated.size(), 4U);
  for (std::size_t i = 0; i < seated.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(seated[i].worker == seated[j].worker && seated[i].track == seated[j].track);
    }
  }
}

}  // namespace
}  // namespace penstock::sfu::test
