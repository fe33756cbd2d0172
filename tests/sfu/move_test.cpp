// A viewer moves to another worker, and notices nothing.

#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/rtp/rtcp_feedback.h"
#include "dataplane/rtp/rtcp_reports.h"
#include "tests/sfu/moving_viewer.h"

namespace penstock::sfu::test {
namespace {

// By the worker that the publisher is on: the viewer's old one, its new one, a third.
class Move : public ::testing::TestWithParam<std::uint16_t> {};

TEST_P(Move, GoesThereAndBackWithoutAPacketLostOrSentTwice) {
  MovingViewer v(GetParam());
  v.frames(20, true);
  v.move();
  EXPECT_EQ(v.beds[0]->stats().endpoints.get(), GetParam() == 0 ? 1U : 0U);
  EXPECT_EQ(v.beds[1]->board().endpoints[MovingViewer::kAway].generation.get(), v.generation);
  v.frames(20);
  v.move(true);
  v.frames(20);
  v.expect_all();
}

// The old worker, the new one and the publisher's take their passes in any order while media comes.
TEST_P(Move, InTheMidstOfTraffic) {
  for (unsigned order = 0; order < 27; ++order) {
    MovingViewer v(GetParam());
    v.frames(5, true);
    const auto transfer = v.form();
    v.beds[0]->post({MoveEndpoint{MovingViewer::kAtHome, transfer.get()}});
    for (unsigned i = 0, left = order; i < 12; ++i, left = left == 0 ? order : left / 3) {
      v.send_frame();
      v.beds[v.publishing]->pass();
      v.beds[left % 3]->step(kMs / 4);
    }
    v.frames(5);
    EXPECT_EQ(transfer->state(), Transfer::State::done);
    v.expect_all();
  }
}

TEST_P(Move, WhatWasSentBeforeCanBeAskedForAfterwards) {
  MovingViewer v(GetParam());
  v.frames(5, true);
  v.ask_again(65533);
  v.frames(2);
  v.move();
  v.ask_again(65534);
  v.frames(2);
  ASSERT_EQ(v.again.size(), 2U);
  EXPECT_EQ(v.again[0].header.sequence.value, 65535);
  EXPECT_EQ(v.again[1].header.sequence.value, 0) << "numbers and roll-over counter of RTX go on";
  EXPECT_EQ(net::load_be16(v.again[1].payload.data()), 65534);
  EXPECT_EQ(Payload(v.again[1].payload.begin() + 2, v.again[1].payload.end()), v.media[4].payload);
  EXPECT_GT(v.beds[0]->shard().counters().handed_over.get(), 0U);
}

TEST_P(Move, ChecksReportsAndWishesFollow) {
  MovingViewer v(GetParam());
  v.frames(60, true);
  v.move();
  v.viewer.take();
  EXPECT_TRUE(v.viewer.check()) << "answered by the new worker, from the old one's port";
  v.publisher.take();
  v.frames(60);
  v.expect_all();
  std::array<std::uint8_t, 128> buffer;
  rtp::RtcpWriter writer(buffer);
  writer.receiver_report(rtp::Ssrc{7});
  writer.picture_loss(rtp::Ssrc{7}, rtp::Ssrc{0x1001});
  v.viewer.send_rtcp(std::span(buffer).first(writer.size()));
  v.frames(1);
  unsigned asked = 0;
  for_each_rtcp(v.publisher.take(), [&](const rtp::RtcpPacket& packet) { asked += rtp::picture_loss(packet) ? 1 : 0; });
  EXPECT_EQ(asked, 1U);
  EXPECT_EQ(v.beds[1]->board().endpoints[MovingViewer::kAway].ice.get(),
            static_cast<std::uint64_t>(IceState::connected));
}

// Reports are encrypted under one key: SRTCP indices go on, which the client looks after.
TEST_P(Move, SenderReportsGoOnWithTheirCounts) {
  MovingViewer v(GetParam());
  v.frames(110, true);
  v.move();
  v.beds[0]->advance(1500 * kMs);
  v.frames(60);
  v.beds[0]->advance(1500 * kMs);
  std::uint32_t packets = 0;
  for (std::size_t i = 0; i < 2; ++i) v.beds[i]->advance(5 * kMs);
  v.ask_again(0);
  for_each_rtcp(v.viewer.take(), [&](const rtp::RtcpPacket& packet) {
    if (const auto report = rtp::sender_report(packet)) packets = std::max(packets, report->info.packets);
  });
  EXPECT_EQ(packets, v.media.size());
}

TEST_P(Move, ANewAddressOfTheClientIsLearnedAtHome) {
  MovingViewer v(GetParam());
  v.frames(5, true);
  v.move();
  v.beds[0]->advance(1100 * kMs);  // the old pair is not nominated any more
  v.collect();
  v.viewer.move_to(client(9));
  EXPECT_TRUE(v.viewer.check());
  const std::uint64_t unchecked = v.beds[0]->dropped(net::Drop::unchecked_pair);
  v.frames(5);
  v.ask_again(v.media.back().header.sequence.value);
  v.frames(1);
  EXPECT_EQ(v.again.size(), 1U) << "its feedback comes over the new pair";
  EXPECT_EQ(v.beds[0]->dropped(net::Drop::unchecked_pair), unchecked);
  v.expect_all();
}

TEST_P(Move, NothingIsLeftWhenItEnds) {
  MovingViewer v(GetParam());
  v.frames(5, true);
  v.move();
  v.frames(5);
  EXPECT_EQ(v.beds[0]->stats().forwarding_addresses.get(), 1U);
  v.beds[1]->update({RemoveEndpoint{MovingViewer::kAway}});
  v.beds[0]->update({RemoveEndpoint{MovingViewer::kAtHome}});
  const std::array flows{v.beds[0]->shard().flows().size(), v.beds[1]->shard().flows().size()};
  EXPECT_EQ(flows[0], GetParam() == 0 ? 1U : 0U);
  EXPECT_EQ(flows[1], GetParam() == 1 ? 1U : 0U);
  EXPECT_EQ(v.beds[0]->stats().forwarding_addresses.get(), 0U);
  EXPECT_EQ(v.beds[0]->stats().subscriptions.get() + v.beds[1]->stats().subscriptions.get(), 0U);
  EXPECT_FALSE(v.viewer.check());
  v.beds[0]->advance(3000 * kMs);
  for (const auto& bed : v.beds) {
    EXPECT_EQ(bed->stats().media_packets.get(), 0U);
    EXPECT_EQ(bed->stats().views.get(), 0U);
  }
}

TEST_P(Move, StrangersAreNotHandedOver) {
  MovingViewer v(GetParam());
  v.frames(2, true);
  v.move();
  const std::uint64_t before = v.beds[0]->shard().counters().handed_over.get();
  const Payload garbage(200, 0x80);
  v.beds[0]->inject(v.beds[0]->media(), client(77), garbage);
  v.beds[0]->run();
  EXPECT_EQ(v.beds[0]->shard().counters().handed_over.get(), before);
  EXPECT_GE(v.beds[0]->dropped(net::Drop::unchecked_pair), 1U);
}

// The new worker's mirror has seen nothing of the old source: what was sent of it is not looked for in the new one.
TEST_P(Move, ASourceThatBeginsAnewAtThatMomentIsNotTakenForTheOldOne) {
  MovingViewer v(GetParam());
  v.frames(20, true);
  auto transfer = v.form();
  if (GetParam() != 1) {
    v.beds[1]->update({RemoveTrack{MovingViewer::kMirrorSlot},
                       SetTrack{MovingViewer::kMirrorSlot, 33,
                                mirror_of(MovingViewer::two_layers(0), 0, MovingViewer::kOrigin, GetParam())}});
    v.beds[v.publishing]->update({AddMirror{0, 1, MovingViewer::kMirrorSlot, 33}});
    Transfer::Place place = transfer->places().front();
    place.track_generation = 33;
    transfer = std::make_unique<Transfer>(std::uint16_t{1}, MovingViewer::kAway, v.generation, std::vector{place});
  }
  v.beds[0]->update({MoveEndpoint{MovingViewer::kAtHome, transfer.get()}});
  ASSERT_EQ(transfer->state(), Transfer::State::done);
  const std::size_t before = v.media.size();
  v.beds[0]->advance(600 * kMs);
  for (Layer& layer : v.layers) {
    layer.ssrc += 0x100;  // and its numbers are those of the first again
    layer.sequence = 100;
  }
  v.frames(10, true);
  ASSERT_GT(v.media.size(), before);
  v.ask_again(v.media[before - 1].header.sequence.value);
  v.frames(1);
  for (const Received& again : v.again) {
    EXPECT_EQ(Payload(again.payload.begin() + 2, again.payload.end()), v.media[before - 1].payload);
  }
  for (std::size_t i = 1; i < v.media.size(); ++i) {
    ASSERT_EQ(v.media[i].header.sequence.value, static_cast<std::uint16_t>(v.media[i - 1].header.sequence.value + 1));
  }
}

TEST_P(Move, ASlotThatHasBecomeAnothersIsNotItsTrack) {
  MovingViewer v(GetParam());
  v.frames(5, true);
  const auto form = v.form();
  Transfer::Place place = form->places().front();
  ++place.track_generation;
  Transfer transfer(std::uint16_t{1}, MovingViewer::kAway, v.generation, std::vector{place});
  v.beds[0]->update({MoveEndpoint{MovingViewer::kAtHome, &transfer}});
  ASSERT_EQ(transfer.state(), Transfer::State::done);
  const std::size_t before = v.media.size();
  v.frames(5, true);
  EXPECT_EQ(v.media.size(), before);
}

TEST_P(Move, ALaneThatIsFullHoldsUpNothingElse) {
  MovingViewer v(GetParam());
  v.frames(5, true);
  const auto nothing = message(0, MessageKind::count_, 0);
  while (v.beds[0]->shard().post(1, nothing)) continue;
  const auto transfer = v.form();
  v.beds[0]->post({MoveEndpoint{MovingViewer::kAtHome, transfer.get()}});
  v.beds[0]->post({LimitPublisher{0, 1'000'000}});
  for (int i = 0; i < 3; ++i) v.beds[0]->pass();
  EXPECT_EQ(v.beds[0]->service().applied(), v.beds[0]->updates());
  EXPECT_EQ(transfer->state(), Transfer::State::under_way);
  v.beds[0]->run();
  EXPECT_EQ(transfer->state(), Transfer::State::done);
  v.frames(5);
  v.expect_all();
}

TEST_P(Move, AFloodOfChecksIsNoFloodOfNewsToHome) {
  MovingViewer v(GetParam());
  v.frames(5, true);
  v.move();
  EXPECT_TRUE(v.viewer.check());
  const std::uint64_t before = v.beds[0]->shard().counters().messages.get();
  for (int i = 0; i < 300; ++i) {
    v.viewer.move_to({client(2).address, static_cast<std::uint16_t>(5002 + i % 20)});
    v.viewer.send_check();
    v.beds[0]->advance(kMs / 10);
  }
  EXPECT_LE(v.beds[0]->shard().counters().messages.get() - before, 20U);
}

// At home only checks are authenticated of those who are away, and few clients check every five seconds.
TEST_P(Move, ItsAddressStaysItsOwnAsLongAsItIsHeard) {
  MovingViewer v(GetParam());
  v.frames(5, true);
  v.move();
  Client other(*v.beds[0], 9, v.viewer.remote());
  for (int second = 0; second < 8; ++second) {
    v.beds[0]->advance(1000 * kMs);
    v.ask_again(0);
  }
  v.viewer.take();
  EXPECT_FALSE(other.check());
  EXPECT_EQ(v.beds[0]->stats().checks_pair_taken.get(), 1U);
  v.frames(5, true);
  v.viewer.take();
  v.beds[0]->advance(6000 * kMs);
  v.viewer.take();
  EXPECT_TRUE(other.check()) << "its worker has given up what it does not hear on";
}

INSTANTIATE_TEST_SUITE_P(PublisherOn, Move, ::testing::Values(0, 1, 2), [](const auto& worker) {
  return std::string(worker.param == 0 ? "TheOldWorker" : worker.param == 1 ? "TheNewWorker" : "AThird");
});

}  // namespace
}  // namespace penstock::sfu::test
