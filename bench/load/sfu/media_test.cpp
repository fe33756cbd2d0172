// Whoever judges a relay's packets is judged first: streams with known faults, and a publisher that talks to a viewer
// without any relay between them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "bench/load/sfu/media/packet_order.h"
#include "bench/load/sfu/media/participant.h"
#include "bench/load/sfu/media/picture_check.h"
#include "bench/load/sfu/media/stamp.h"
#include "bench/load/turn/clock.h"

namespace penstock::load::media {
namespace {

TEST(StampTest, AnyByteThatChangedIsNoticed) {
  std::vector<std::uint8_t> payload(200);
  const Stamp stamp{123, source_of(7, 2), 40'000};
  write_stamped(payload, stamp);
  EXPECT_EQ(read_stamped(payload), stamp);
  for (std::size_t at = 8; at < payload.size(); ++at) {  // the time is not part of it
    payload[at] ^= 1;
    EXPECT_FALSE(read_stamped(payload)) << at;
    payload[at] ^= 1;
  }
  EXPECT_FALSE(read_stamped(std::span(payload).first(15)));
}

class PacketOrderTest : public testing::Test {
 protected:
  using Order = PacketOrder<int, 8>;
  Order::Note add(std::uint16_t sequence) { return order_.add({sequence}, sequence); }
  std::vector<int> taken() {
    std::vector<int> all;
    while (const auto item = order_.take()) all.push_back(*item);
    return all;
  }
  Order order_;
};

TEST_F(PacketOrderTest, HandsOutInOrderAcrossTheWrap) {
  for (const int sequence : {65'534, 0, 65'535, 1}) add(static_cast<std::uint16_t>(sequence));
  EXPECT_THAT(taken(), testing::ElementsAre(65'534, 65'535, 0, 1));
}

TEST_F(PacketOrderTest, TellsWhatIsMissingLateAndRepeated) {
  add(10);
  const auto skipped = add(13);
  EXPECT_EQ(skipped.arrival, Order::Arrival::skipped);
  EXPECT_EQ(skipped.skipped, 2u);
  EXPECT_EQ(add(11).arrival, Order::Arrival::late);
  EXPECT_EQ(add(11).arrival, Order::Arrival::duplicate);
  EXPECT_EQ(add(13).arrival, Order::Arrival::duplicate);
  EXPECT_THAT(taken(), testing::ElementsAre(10, 11));
  EXPECT_EQ(order_.give_up(), 1u);
  EXPECT_THAT(taken(), testing::ElementsAre(13));
  EXPECT_EQ(add(12).arrival, Order::Arrival::duplicate) << "it was given up";
}

TEST_F(PacketOrderTest, AWindowFullOfWaitingPacketsMovesOnByGivingUp) {
  add(0);
  taken();
  for (std::uint16_t sequence = 2; sequence <= 8; ++sequence) add(sequence);
  EXPECT_FALSE(order_.crowded({8}));
  ASSERT_TRUE(order_.crowded({9}));
  EXPECT_EQ(order_.give_up(), 1u);
  EXPECT_EQ(taken().size(), 7u);
  EXPECT_FALSE(order_.crowded({9}));
  EXPECT_EQ(add(9).arrival, Order::Arrival::next);
}

TEST_F(PacketOrderTest, AGapWiderThanTheWindowIsCountedWhole) {
  add(0);
  taken();
  EXPECT_FALSE(order_.crowded({100}));
  EXPECT_EQ(add(100).skipped, 99u);
  EXPECT_EQ(order_.give_up(), 99u);
  EXPECT_THAT(taken(), testing::ElementsAre(100));
}

/// Two frames of two packets each, to be spoilt.
std::vector<PicturePacket> two_frames() {
  return {{.timestamp = 100, .picture_id = 0x7fff, .tl0picidx = 255, .start = true, .key = true},
          {.timestamp = 100, .picture_id = 0x7fff, .tl0picidx = 255, .key = true, .marker = true},
          {.timestamp = 200, .picture_id = 0, .tl0picidx = 0, .start = true},
          {.timestamp = 200, .picture_id = 0, .tl0picidx = 0, .marker = true}};
}

PictureTally checked(const std::vector<PicturePacket>& packets) {
  PictureTally tally;
  PictureCheck check;
  for (const PicturePacket& packet : packets) check.take(packet, tally);
  return tally;
}

TEST(PictureCheckTest, FindsEachFaultByItsName) {
  struct Case {
    const char* name;
    void (*spoil)(std::vector<PicturePacket>&);
    std::uint64_t PictureTally::* counter;
    std::uint64_t count;
  };
  using Packets = std::vector<PicturePacket>;
  const Case cases[] = {
      {"a whole stream", [](Packets&) {}, &PictureTally::frames, 2},
      {"no key frame", [](Packets& p) { p[0].key = false; }, &PictureTally::undecodable, 4},
      {"picture id", [](Packets& p) { p[2].picture_id = p[3].picture_id = 1; }, &PictureTally::picture_id_gaps, 1},
      {"tl0picidx", [](Packets& p) { p[2].tl0picidx = 1; }, &PictureTally::tl0picidx_gaps, 1},
      {"upper layer", [](Packets& p) { p[2].temporal_layer = 1; }, &PictureTally::tl0picidx_gaps, 1},
      {"no marker", [](Packets& p) { p[1].marker = false; }, &PictureTally::broken_frames, 1},
      {"another frame's rest", [](Packets& p) { p[3].timestamp = 300; }, &PictureTally::broken_frames, 1},
      {"switch", [](Packets& p) { p[2].encoding = 1; }, &PictureTally::bad_switches, 1},
      {"time", [](Packets& p) { p[2].timestamp = p[3].timestamp = 99; }, &PictureTally::timestamps_back, 1},
  };
  for (const Case& c : cases) {
    auto packets = two_frames();
    c.spoil(packets);
    EXPECT_EQ(checked(packets).*c.counter, c.count) << c.name;
  }
  const auto whole = checked(two_frames());
  EXPECT_EQ(whole.undecodable + whole.picture_id_gaps + whole.tl0picidx_gaps + whole.broken_frames +
                whole.bad_switches + whole.timestamps_back,
            0u);
}

/// A publisher and a viewer, connected to each other.
class CallTest : public testing::Test {
 protected:
  static constexpr net::Endpoint kLoopback{net::Address::v4(0x7f000001), 0};
  static constexpr std::uint32_t kSsrc = 1000, kRtxSsrc = 1001, kAudioSsrc = 1002;

  void call(ParticipantOptions publisher, ParticipantOptions viewer) {
    peer::Endpoint* const from = loop_->open(kLoopback).value();
    peer::Endpoint* const to = loop_->open(kLoopback).value();
    auto of_from = from->local();
    auto of_to = to->local();
    of_from.setup = peer::DtlsSetup::active;
    of_to.setup = peer::DtlsSetup::passive;
    publisher_ = std::make_unique<Participant>(*loop_, *from, publisher, sent_);
    viewer_ = std::make_unique<Participant>(*loop_, *to, viewer, seen_);
    ASSERT_TRUE(from->connect(of_to));
    ASSERT_TRUE(to->connect(of_from));
  }
  void run_for(double seconds) { loop_->run_until(now_ns() + to_ns(seconds)); }

  static ParticipantOptions camera(bool paced) {
    Vp8Options encoding;
    encoding.ssrc = kSsrc;
    encoding.rtx_ssrc = kRtxSsrc;
    encoding.source = source_of(1, 0);
    ParticipantOptions options;
    options.video.emplace(VideoOptions{.encodings = {encoding}, .paced = paced});
    options.audio.emplace(AudioOptions{.mid = "a", .ssrc = kAudioSsrc, .source = source_of(2, 0)});
    return options;
  }
  static ParticipantOptions screen() {
    ParticipantOptions options;
    options.streams.push_back({.video = true, .ssrc = kSsrc, .rtx_ssrc = kRtxSsrc, .track = 1});
    options.streams.push_back({.ssrc = kAudioSsrc, .track = 2});
    return options;
  }

  Tally sent_, seen_;
  std::unique_ptr<peer::Loop> loop_ = peer::Loop::create({.most_endpoints = 2}).value();
  std::unique_ptr<Participant> publisher_, viewer_;
};

TEST_F(CallTest, EverythingThatIsSentIsFoundWhole) {
  for (const bool paced : {false, true}) {
    viewer_.reset();
    publisher_.reset();
    seen_ = {};
    call(camera(paced), screen());
    run_for(0.7);
    EXPECT_GT(seen_.pictures.frames, 10u);
    EXPECT_GE(seen_.pictures.key_frames, 1u);
    EXPECT_GT(seen_.audio.packets, 20u);
    EXPECT_EQ(seen_.video.missed() + seen_.video.lost + seen_.video.corrupt + seen_.video.out_of_place, 0u);
    EXPECT_EQ(seen_.audio.missed() + seen_.audio.corrupt + seen_.audio.out_of_place, 0u);
    EXPECT_EQ(seen_.pictures.picture_id_gaps + seen_.pictures.tl0picidx_gaps + seen_.pictures.broken_frames, 0u);
    EXPECT_GT(seen_.video.latency.count(), 50u);
    EXPECT_GT(sent_.control.feedback_received, 3u);
    EXPECT_EQ(sent_.control.feedback_lost, 0u);
  }
}

TEST_F(CallTest, AViewerThatLosesPacketsGetsThemAgain) {
  ParticipantOptions viewer = screen();
  call(camera(false), viewer);
  run_for(0.4);
  const std::uint64_t received = seen_.video.packets;
  publisher_->video()->encodings().front().lose_next(5);
  run_for(0.5);
  EXPECT_GT(seen_.video.packets, received);
  EXPECT_EQ(seen_.video.missed(), 5u);
  EXPECT_EQ(seen_.video.recovered, 5u);
  EXPECT_EQ(seen_.video.lost, 0u);
  EXPECT_EQ(seen_.pictures.picture_id_gaps + seen_.pictures.broken_frames, 0u);
}

TEST_F(CallTest, ASubscriptionThatGetsAnotherTrackIsNoticed) {
  ParticipantOptions viewer = screen();
  viewer.streams[0].track = 9;
  call(camera(false), viewer);
  run_for(0.3);
  EXPECT_GT(seen_.video.out_of_place, 5u);
  EXPECT_EQ(seen_.pictures.frames, 0u);
}

}  // namespace
}  // namespace penstock::load::media
