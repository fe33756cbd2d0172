// The SFU service as its clients see it: connectivity, forwarding, layers, feedback.

#include "dataplane/sfu/service.h"

#include <gtest/gtest.h>

#include "dataplane/rtp/header_template.h"
#include "dataplane/rtp/rtcp_feedback.h"
#include "dataplane/rtp/rtcp_transport_feedback.h"
#include "dataplane/rtp/rtcp_writer.h"
#include "tests/sfu/broadcast.h"

namespace penstock::sfu::test {
namespace {

TEST(Sfu, AnswersChecksOfItsEndpointsAlone) {
  SfuBed bed;
  Client known(bed, 0, client(1));
  EXPECT_TRUE(known.check());
  EXPECT_EQ(bed.board().endpoints[0].ice.get(), static_cast<std::uint64_t>(IceState::connected));
  EXPECT_EQ(bed.board().endpoints[0].remote.get(), client(1));
  bed.update({RemoveEndpoint{0}});
  EXPECT_FALSE(known.check());
  EXPECT_EQ(bed.dropped(net::Drop::check_unknown), 1U);
  EXPECT_EQ(bed.shard().flows().size(), 0U);
  EXPECT_EQ(bed.imbalance(), "");
}

TEST(Sfu, ForwardsTheBestLayerFromItsKeyFrameOn) {
  Broadcast b;
  b.frames(2);
  EXPECT_TRUE(b.viewer.take(viewer_ids()).rtp.empty()) << "nothing can be decoded before a key frame";
  b.frames(3, true);
  const auto taken = b.viewer.take(viewer_ids());
  // The lowest layer's key frame comes first, and a picture now is better than a good one later.
  ASSERT_EQ(taken.rtp.size(), 8U);
  std::uint16_t sequence = 65530;
  std::size_t at = 0;
  for (const Received& packet : taken.rtp) {
    EXPECT_EQ(packet.header.sequence.value, sequence++);
    EXPECT_EQ(rtp::to_wire(packet.header.ssrc), 0x1001U);
    EXPECT_EQ(packet.header.payload_type, 120);
    EXPECT_EQ(packet.extensions.mid, "0");
    EXPECT_EQ(packet.payload.back(), at++ < 2 ? 0xa1 : 0xa3);
  }
  EXPECT_EQ(b.bed.board().subscriptions[0].spatial_layer.get(), 2U);
  EXPECT_EQ(b.bed.board().tracks[0].encodings[2].width.get(), 1280U);
}

TEST(Sfu, AsksThePublisherForTheKeyFrameThatAViewerNeeds) {
  Broadcast b;
  b.frames(2);
  unsigned asked = 0;
  for_each_rtcp(b.publisher.take(), [&](const rtp::RtcpPacket& packet) { asked += rtp::picture_loss(packet) ? 1 : 0; });
  EXPECT_GE(asked, 1U);
  EXPECT_LE(asked, 3U) << "once per encoding at most within 300 ms";
}

TEST(Sfu, SwitchesLayersAtKeyFramesWithoutAGap) {
  Broadcast b;
  b.frames(3, true);
  std::uint16_t next = 65530;
  for (const Received& packet : b.viewer.take(viewer_ids()).rtp) EXPECT_EQ(packet.header.sequence.value, next++);
  auto lower = view_of(1, 0);
  lower.max_spatial_layer = 0;
  b.bed.update({SetSubscription{0, 1, lower}});
  b.frames(2);
  auto taken = b.viewer.take(viewer_ids());
  ASSERT_EQ(taken.rtp.size(), 4U) << "the old layer goes on";
  b.frames(2, true);
  const auto after = b.viewer.take(viewer_ids());
  ASSERT_EQ(after.rtp.size(), 4U);
  taken.rtp.insert(taken.rtp.end(), after.rtp.begin(), after.rtp.end());
  for (const Received& packet : taken.rtp) EXPECT_EQ(packet.header.sequence.value, next++);
  EXPECT_EQ(after.rtp[0].payload.back(), 0xa1);
  EXPECT_GT(static_cast<std::int32_t>(after.rtp[0].header.timestamp.value - taken.rtp[3].header.timestamp.value), 0);
  EXPECT_EQ(b.bed.board().subscriptions[0].spatial_layer.get(), 0U);
}

TEST(Sfu, SendsWhatWasLostOverRtx) {
  Broadcast b;
  b.frames(3, true);
  const auto first = b.viewer.take(viewer_ids());
  std::array<std::uint8_t, 128> buffer;
  rtp::RtcpWriter writer(buffer);
  writer.receiver_report(rtp::Ssrc{7});
  const std::array lost{rtp::SequenceNumber{65532}};
  writer.nack(rtp::Ssrc{7}, rtp::Ssrc{0x1001}, lost);
  b.viewer.send_rtcp(std::span(buffer).first(writer.size()));
  b.bed.run();
  const auto again = b.viewer.take(viewer_ids());
  ASSERT_EQ(again.rtp.size(), 1U);
  EXPECT_EQ(rtp::to_wire(again.rtp[0].header.ssrc), 0x2001U);
  EXPECT_EQ(again.rtp[0].header.payload_type, 121);
  EXPECT_EQ(net::load_be16(again.rtp[0].payload.data()), 65532);
  const Payload original(again.rtp[0].payload.begin() + 2, again.rtp[0].payload.end());
  EXPECT_EQ(original, first.rtp[2].payload);
}

TEST(Sfu, TellsThePublisherWhatArrivedAndWhen) {
  Broadcast b;
  b.frames(6, true);
  unsigned arrivals = 0;
  for_each_rtcp(b.publisher.take(), [&](const rtp::RtcpPacket& packet) {
    const auto feedback = rtp::transport_feedback(packet);
    if (!feedback) return;
    auto each = feedback->arrivals();
    while (each.next()) ++arrivals;
  });
  EXPECT_GT(arrivals, 6U);
}

TEST(Sfu, CountsAnEndpointAsDisconnectedWhenConsentRunsOut) {
  SfuBed bed;
  Client known(bed, 0, client(1));
  EXPECT_TRUE(known.check());
  bed.advance(31'000 * kMs);
  EXPECT_EQ(bed.board().endpoints[0].ice.get(), static_cast<std::uint64_t>(IceState::disconnected));
  EXPECT_TRUE(known.check());
  EXPECT_EQ(bed.board().endpoints[0].ice.get(), static_cast<std::uint64_t>(IceState::connected));
}

TEST(Sfu, SendsTheSameBytesAgainToReceiversWithoutRtx) {
  Broadcast b;
  auto plain = view_of(1, 0);
  plain.rtx_ssrc = 0;
  plain.rtx_payload_type = kNoPayloadType;
  b.bed.update({RemoveSubscription{0}, SetSubscription{0, 5, plain}});
  b.frames(3, true);
  const auto first = b.viewer.take(viewer_ids());
  ASSERT_GE(first.rtp.size(), 3U);
  b.bed.advance(500 * kMs);
  b.viewer.take();
  const std::array lost{first.rtp[2].header.sequence};
  ask_again(b, lost);
  const auto again = b.viewer.take(viewer_ids());
  ASSERT_EQ(again.rtp.size(), 1U);
  EXPECT_EQ(again.rtp[0].packet, first.rtp[2].packet) << "one SRTP index must never protect two messages";
  EXPECT_FALSE(again.rtp[0].extensions.values.has(rtp::Extension::abs_send_time));
}

TEST(Sfu, GoesOnWhenThePublisherChangesItsSsrc) {
  Broadcast b;
  b.frames(3, true);
  auto taken = b.viewer.take(viewer_ids());
  std::uint16_t next = static_cast<std::uint16_t>(taken.rtp.back().header.sequence.value + 1);
  b.bed.advance(600 * kMs);  // nobody does that all the time
  for (Layer& layer : b.layers) {
    layer.ssrc += 0x10;
    layer.sequence = 7;  // far behind where the old one was
  }
  b.frames(3, true);
  taken = b.viewer.take(viewer_ids());
  ASSERT_GE(taken.rtp.size(), 6U);
  for (const Received& packet : taken.rtp) EXPECT_EQ(packet.header.sequence.value, next++);
  EXPECT_EQ(b.bed.board().tracks[0].encodings[2].ssrc.get(), 0xb3U);
  EXPECT_EQ(b.bed.stats().ssrc_collisions.get(), 0U);
}

TEST(Sfu, FollowsAnotherPublisherWithoutAGap) {
  Broadcast b;
  Client second(b.bed, 2, client(3));
  ASSERT_TRUE(second.check());
  b.frames(3, true);
  auto taken = b.viewer.take(viewer_ids());
  std::uint16_t next = static_cast<std::uint16_t>(taken.rtp.back().header.sequence.value + 1);
  const std::uint32_t last = taken.rtp.back().header.timestamp.value;
  b.bed.update({SetTrack{1, 9, simulcast(2)}, SetSubscription{0, 1, view_of(1, 1)}, RemoveTrack{0}});
  Layer other{"f", 0xc3, 1280, 720};
  other.sequence = 40000;
  other.timestamp = 5;
  other.send_frame(second, true);
  b.bed.run();
  taken = b.viewer.take(viewer_ids());
  ASSERT_EQ(taken.rtp.size(), 2U);
  for (const Received& packet : taken.rtp) EXPECT_EQ(packet.header.sequence.value, next++);
  EXPECT_GT(static_cast<std::int32_t>(taken.rtp[0].header.timestamp.value - last), 0);
}

TEST(Sfu, ForwardsAudioWithItsLevel) {
  SfuBed bed;
  Client publisher(bed, 0, client(1)), viewer(bed, 1, client(2));
  EXPECT_TRUE(publisher.check() && viewer.check());
  const TrackParameters track{.endpoint = 0, .payload_type = kOpus, .mid = Mid("0"), .extensions = publisher_ids()};
  const SubscriptionParameters view{
      .endpoint = 1, .track = 0, .payload_type = 109, .mid = Mid("a"), .ssrc = 77, .extensions = viewer_ids()};
  bed.update({SetTrack{0, 2, track}, SetSubscription{0, 2, view}});
  rtp::HeaderTemplate::Parameters parameters{.ids = publisher_ids(), .mid = "0", .rid = {}, .repaired_rid = {}};
  const auto made = rtp::HeaderTemplate::make(parameters).value();
  std::array<std::uint8_t, rtp::HeaderTemplate::kMostBytes> header{};
  rtp::ExtensionValues values;
  values.set_audio_level(0x80 | 30);
  made.write(header, {rtp::Ssrc{5}, {960}, {7}, kOpus, true}, values);
  publisher.send_rtp(std::span(header).first(made.size()), Payload(80, 0xfc));
  bed.run();
  const auto taken = viewer.take(viewer_ids());
  ASSERT_EQ(taken.rtp.size(), 1U);
  EXPECT_EQ(taken.rtp[0].payload, Payload(80, 0xfc));
  EXPECT_TRUE(taken.rtp[0].header.marker);
  EXPECT_EQ(taken.rtp[0].extensions.values.audio_level, 0x80 | 30);
  EXPECT_EQ(bed.board().tracks[0].audio_level.get(), 30U);
  EXPECT_EQ(bed.imbalance(), "");
}

}  // namespace
}  // namespace penstock::sfu::test
