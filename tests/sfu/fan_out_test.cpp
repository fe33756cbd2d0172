// A burst's packets are offered to one receiver after the other: what that must not change, and what it is for.

#include "dataplane/sfu/fan_out.h"

#include <gtest/gtest.h>

#include "tests/sfu/broadcast.h"

namespace penstock::sfu::test {
namespace {

constexpr EndpointSlot kViewers = 3;

// One simulcast track and three viewers of it. Bursts: what is sent between two calls of bed.run().
struct Crowd {
  SfuBed bed;
  Client publisher{bed, 0, client(1)};
  std::vector<std::unique_ptr<Client>> viewers;
  Layer low{"q", 0xa1, 320, 180}, high{"f", 0xa3, 1280, 720};

  Crowd() {
    EXPECT_TRUE(publisher.check());
    std::vector<Operation> operations{SetTrack{0, 1, simulcast(0)}};
    for (EndpointSlot i = 1; i <= kViewers; ++i) {
      viewers.push_back(std::make_unique<Client>(bed, i, client(static_cast<std::uint8_t>(i + 1))));
      EXPECT_TRUE(viewers.back()->check());
      operations.emplace_back(SetSubscription{i - 1, 1, view_of(i, 0)});
    }
    bed.update(std::move(operations));
  }
  ~Crowd() { EXPECT_EQ(bed.imbalance(), ""); }

  /// They begin with the low layer.
  void begin() {
    low.send_frame(publisher, true);
    bed.run();
    for (auto& viewer : viewers) EXPECT_EQ(viewer->take(viewer_ids()).rtp.size(), 2U);
  }
};

// First byte of the payload behind VP8's descriptor tells nothing; the last is the layer's SSRC.
std::vector<std::uint8_t> layers_of(const std::vector<Received>& packets) {
  std::vector<std::uint8_t> layers;
  for (const Received& packet : packets) layers.push_back(packet.payload.back());
  return layers;
}

void expect_no_gap(const std::vector<Received>& packets, std::uint16_t first) {
  for (const Received& packet : packets) EXPECT_EQ(packet.header.sequence.value, first++);
}

TEST(FanOut, AReceiversPacketsLeaveOneBehindTheOther) {
  Crowd crowd;
  crowd.begin();
  for (int i = 0; i < 4; ++i) crowd.low.send_frame(crowd.publisher, false);  // one burst of eight packets
  crowd.bed.run();
  std::vector<net::Endpoint> receivers;  // neighbours that are the same, once
  for (const port::SentDatagram& datagram : crowd.bed.sent()) {
    if (receivers.empty() || receivers.back() != datagram.remote) receivers.push_back(datagram.remote);
  }
  EXPECT_EQ(receivers.size(), kViewers);
  for (auto& viewer : crowd.viewers) {
    const auto taken = viewer->take(viewer_ids());
    ASSERT_EQ(taken.rtp.size(), 8U);
    expect_no_gap(taken.rtp, static_cast<std::uint16_t>(65530 + 2));
  }
}

TEST(FanOut, ABurstLargerThanABatchIsEncryptedInSeveral) {
  Crowd crowd;
  crowd.begin();
  constexpr std::size_t kFrames = 100;  // of two packets: 600 of them to three viewers
  static_assert(2 * kFrames * kViewers > 2 * srtp::kMaxBatch);
  for (std::size_t i = 0; i < kFrames; ++i) crowd.low.send_frame(crowd.publisher, false);
  crowd.bed.run();
  for (auto& viewer : crowd.viewers) {
    const auto taken = viewer->take(viewer_ids());
    ASSERT_EQ(taken.rtp.size(), 2 * kFrames);
    expect_no_gap(taken.rtp, static_cast<std::uint16_t>(65530 + 2));
  }
}

TEST(FanOut, ALayerIsSwitchedInTheMiddleOfABurst) {
  Crowd crowd;
  crowd.begin();
  crowd.low.send_frame(crowd.publisher, false);
  crowd.high.send_frame(crowd.publisher, true);
  crowd.low.send_frame(crowd.publisher, false);
  crowd.high.send_frame(crowd.publisher, false);
  crowd.bed.run();
  for (auto& viewer : crowd.viewers) {
    const auto taken = viewer->take(viewer_ids());
    EXPECT_EQ(layers_of(taken.rtp), (std::vector<std::uint8_t>{0xa1, 0xa1, 0xa3, 0xa3, 0xa3, 0xa3}));
    expect_no_gap(taken.rtp, static_cast<std::uint16_t>(65530 + 2));
  }
}

TEST(FanOut, WhatOvertookAKeyFrameInItsBurstIsSentBehindIt) {
  Crowd crowd;
  crowd.begin();
  const Payload first = crowd.high.header(false);
  const Payload second = crowd.high.header(true);
  crowd.publisher.send_rtp(second, crowd.high.payload(true, false));
  crowd.publisher.send_rtp(first, crowd.high.payload(true, true));
  crowd.bed.run();
  for (auto& viewer : crowd.viewers) {
    const auto taken = viewer->take(viewer_ids());
    ASSERT_EQ(taken.rtp.size(), 2U);
    expect_no_gap(taken.rtp, static_cast<std::uint16_t>(65530 + 2));
    EXPECT_FALSE(taken.rtp[0].header.marker);
    EXPECT_TRUE(taken.rtp[1].header.marker);
  }
}

TEST(FanOut, PacketsOfAnOldSsrcGoOutUnderTheOldNumbers) {
  Crowd crowd;
  crowd.begin();
  crowd.bed.advance(600 * kMs);  // an SSRC may be replaced now
  for (auto& viewer : crowd.viewers) viewer->take(viewer_ids());
  crowd.low.send_frame(crowd.publisher, false);
  crowd.low.ssrc = 0xb1;
  crowd.low.sequence = 40'000;
  crowd.low.send_frame(crowd.publisher, true);
  crowd.bed.run();
  for (auto& viewer : crowd.viewers) {
    const auto taken = viewer->take(viewer_ids());
    EXPECT_EQ(layers_of(taken.rtp), (std::vector<std::uint8_t>{0xa1, 0xa1, 0xb1, 0xb1}));
    expect_no_gap(taken.rtp, static_cast<std::uint16_t>(65530 + 2));
  }
}

TEST(FanOut, PacketsSentAgainKeepTheOrderOfTheRequest) {
  Broadcast b;
  b.frames(6, true);
  b.viewer.take(viewer_ids());
  const std::array lost{rtp::SequenceNumber{65531}, rtp::SequenceNumber{65533}, rtp::SequenceNumber{65534}};
  ask_again(b, lost);
  std::vector<std::uint16_t> originals;
  for (const Received& packet : b.viewer.take(viewer_ids()).rtp) {
    EXPECT_EQ(rtp::to_wire(packet.header.ssrc), 0x2001U);
    originals.push_back(net::load_be16(packet.payload.data()));
  }
  EXPECT_EQ(originals, (std::vector<std::uint16_t>{65531, 65533, 65534}));
}

TEST(FanOut, APayloadWhoseRingPlaceIsTakenInTheSameBurstIsStillSent) {
  SfuBed bed;
  Client publisher(bed, 0, client(1));
  Client viewer(bed, 1, client(2));
  ASSERT_TRUE(publisher.check() && viewer.check());
  TrackParameters track{.endpoint = 0,
                        .kind = MediaKind::audio,
                        .codec = Codec::opus,
                        .payload_type = kOpus,
                        .mid = Mid("1"),
                        .extensions = publisher_ids()};
  SubscriptionParameters sound{
      .endpoint = 1, .track = 0, .payload_type = 100, .ssrc = 0x1001, .extensions = viewer_ids(), .first_sequence = 10};
  bed.update({SetTrack{0, 1, track}, SetSubscription{0, 1, sound}});
  const auto header_of = [](std::uint16_t sequence) {
    rtp::HeaderTemplate::Parameters parameters{.ids = publisher_ids(), .mid = "1", .rid = {}, .repaired_rid = {}};
    const auto made = rtp::HeaderTemplate::make(parameters).value();
    std::array<std::uint8_t, rtp::HeaderTemplate::kMostBytes> bytes{};
    made.write(bytes, {rtp::Ssrc{0xa}, {sequence * 960U}, {sequence}, kOpus, false}, {});
    return Payload(bytes.begin(), bytes.begin() + static_cast<long>(made.size()));
  };
  publisher.send_rtp(header_of(1), Payload(50, 0x11));
  publisher.send_rtp(header_of(1 + kAudioRing), Payload(50, 0x22));  // in the same place
  bed.run();
  const auto taken = viewer.take(viewer_ids());
  ASSERT_EQ(taken.rtp.size(), 2U);
  EXPECT_EQ(taken.rtp[0].payload, Payload(50, 0x11));
  EXPECT_EQ(taken.rtp[1].payload, Payload(50, 0x22));
  EXPECT_EQ(bed.imbalance(), "");
}

}  // namespace
}  // namespace penstock::sfu::test
