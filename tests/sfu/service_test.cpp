// The SFU service as its clients see it.

#include "dataplane/sfu/service.h"

#include <gtest/gtest.h>

#include "dataplane/rtp/header_template.h"
#include "dataplane/rtp/rtcp_feedback.h"
#include "dataplane/rtp/rtcp_transport_feedback.h"
#include "dataplane/rtp/rtcp_writer.h"
#include "dataplane/rtp/vp8.h"
#include "dataplane/sfu/forward/retransmission_pacer.h"
#include "tests/sfu/testbed.h"

namespace penstock::sfu::test {
namespace {

constexpr std::uint8_t kVp8 = 96, kRtx = 97, kOpus = 111;

rtp::ExtensionIds publisher_ids() {
  rtp::ExtensionIds ids;
  ids.set(rtp::Extension::mid, 4);
  ids.set(rtp::Extension::rid, 10);
  ids.set(rtp::Extension::repaired_rid, 11);
  ids.set(rtp::Extension::transport_sequence, 3);
  ids.set(rtp::Extension::audio_level, 1);
  return ids;
}

rtp::ExtensionIds viewer_ids() {
  rtp::ExtensionIds ids;
  ids.set(rtp::Extension::mid, 9);
  ids.set(rtp::Extension::abs_send_time, 2);
  ids.set(rtp::Extension::transport_sequence, 5);
  ids.set(rtp::Extension::audio_level, 6);
  return ids;
}

net::Endpoint client(std::uint8_t n) {
  return {net::Address::v4(0xcb007100 | n), static_cast<std::uint16_t>(5000 + n)};
}

TrackParameters simulcast(EndpointSlot endpoint) {
  TrackParameters p{.endpoint = endpoint,
                    .kind = MediaKind::video,
                    .codec = Codec::vp8,
                    .payload_type = kVp8,
                    .rtx_payload_type = kRtx,
                    .clock_rate = 90000,
                    .mid = Mid("1"),
                    .encoding_count = 3,
                    .extensions = publisher_ids(),
                    .feedback = {.nack = true, .pli = true, .fir = true, .remb = true, .transport = true}};
  p.encodings[0].rid = Rid("q");
  p.encodings[1].rid = Rid("h");
  p.encodings[2].rid = Rid("f");
  return p;
}

SubscriptionParameters view_of(EndpointSlot endpoint, TrackSlot track) {
  return {.endpoint = endpoint,
          .track = track,
          .kind = MediaKind::video,
          .codec = Codec::vp8,
          .payload_type = 120,
          .rtx_payload_type = 121,
          .clock_rate = 90000,
          .mid = Mid("0"),
          .ssrc = 0x1000 + endpoint,
          .rtx_ssrc = 0x2000 + endpoint,
          .extensions = viewer_ids(),
          .feedback = {.nack = true, .pli = true, .fir = true, .remb = false, .transport = true},
          .first_sequence = 65530,
          .first_rtx_sequence = 65535,
          .first_timestamp = 1000,
          .first_picture_id = 32760};
}

/// One simulcast layer of a browser.
struct Layer {
  std::string rid;
  std::uint32_t ssrc;
  std::uint16_t width, height;
  std::uint16_t sequence = 100;
  std::uint16_t picture_id = 10;
  std::uint32_t timestamp = 90000;
  std::uint16_t transport_sequence = 0;

  Payload header(bool marker) {
    rtp::HeaderTemplate::Parameters parameters{.ids = publisher_ids(), .mid = "1", .rid = rid, .repaired_rid = {}};
    parameters.ids.set(rtp::Extension::audio_level, 0);
    const auto made = rtp::HeaderTemplate::make(parameters).value();
    std::array<std::uint8_t, rtp::HeaderTemplate::kMostBytes> bytes{};
    rtp::ExtensionValues values;
    values.set_transport_sequence(transport_sequence++);
    made.write(bytes, {rtp::Ssrc{ssrc}, {timestamp}, {sequence++}, kVp8, marker}, values);
    return {bytes.begin(), bytes.begin() + static_cast<long>(made.size())};
  }
  Payload payload(bool key, bool first) const {
    Payload p{static_cast<std::uint8_t>(first ? 0x90 : 0x80), 0x80, static_cast<std::uint8_t>(0x80 | picture_id >> 8),
              static_cast<std::uint8_t>(picture_id)};
    if (first) {
      p.insert(p.end(), {static_cast<std::uint8_t>(key ? 0x10 : 0x11), 0, 0, 0x9d, 0x01, 0x2a});
      p.insert(p.end(), {static_cast<std::uint8_t>(width), static_cast<std::uint8_t>(width >> 8),
                         static_cast<std::uint8_t>(height), static_cast<std::uint8_t>(height >> 8)});
    }
    p.resize(p.size() + 700, static_cast<std::uint8_t>(ssrc));
    return p;
  }
  /// A frame of two packets.
  void send_frame(Client& publisher, bool key) {
    const Payload first = header(false);
    publisher.send_rtp(first, payload(key, true));
    const Payload last = header(true);
    publisher.send_rtp(last, payload(key, false));
    ++picture_id;
    timestamp += 3000;
  }
};

/// Calls each(packet) for every RTCP packet that the client got.
template <class Each>
void for_each_rtcp(const Client::Taken& taken, Each&& each) {
  for (const Payload& datagram : taken.rtcp) {
    const auto compound = rtp::RtcpCompound::parse(datagram);
    ASSERT_TRUE(compound.has_value());
    for (const rtp::RtcpPacket packet : *compound) each(packet);
  }
}

struct Broadcast {
  SfuBed bed;
  Client publisher{bed, 0, client(1)};
  Client viewer{bed, 1, client(2)};
  std::vector<Layer> layers{{"q", 0xa1, 320, 180}, {"h", 0xa2, 640, 360}, {"f", 0xa3, 1280, 720}};

  Broadcast() {
    EXPECT_TRUE(publisher.check());
    EXPECT_TRUE(viewer.check());
    bed.update({SetTrack{0, 1, simulcast(0)}, SetSubscription{0, 1, view_of(1, 0)}});
  }
  ~Broadcast() { EXPECT_EQ(bed.imbalance(), ""); }
  void frames(int n, bool key = false) {
    for (int i = 0; i < n; ++i) {
      for (Layer& layer : layers) layer.send_frame(publisher, key && i == 0);
      bed.advance(33 * kMs);
    }
  }
};

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

TEST(Sfu, DropsWhatIsForgedOrRepeated) {
  Broadcast b;
  b.frames(1, true);
  Layer stranger{"h", 0xa2, 640, 360};
  stranger.sequence = 500;
  Payload packet = b.publisher.protect(stranger.header(false), stranger.payload(false, true));
  b.publisher.send(packet);
  b.publisher.send(packet);
  packet[40] ^= 1;
  packet[3] ^= 0x40;
  b.publisher.send(packet);
  b.bed.run();
  EXPECT_EQ(b.bed.dropped(net::Drop::srtp_replayed), 1U);
  EXPECT_EQ(b.bed.dropped(net::Drop::srtp_forged), 1U);
}

TEST(Sfu, TakesNothingButChecksFromUncheckedAddresses) {
  SfuBed bed;
  Client known(bed, 0, client(1));
  const Payload dtls{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  const Payload media{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4};
  known.send(dtls);
  known.send(media);
  bed.run();
  EXPECT_EQ(bed.dropped(net::Drop::unchecked_pair), 2U);
  EXPECT_TRUE(bed.take_handshakes().empty());
  EXPECT_TRUE(known.check());
  known.send(dtls);
  bed.run();
  const auto passed_on = bed.take_handshakes();
  ASSERT_EQ(passed_on.size(), 1U);
  EXPECT_EQ(passed_on[0].size, dtls.size());
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

void ask_again(Broadcast& b, std::span<const rtp::SequenceNumber> lost) {
  std::array<std::uint8_t, 1100> buffer;
  rtp::RtcpWriter writer(buffer);
  writer.receiver_report(rtp::Ssrc{7});
  writer.nack(rtp::Ssrc{7}, rtp::Ssrc{0x1001}, lost);
  b.viewer.send_rtcp(std::span(buffer).first(writer.size()));
  b.bed.run();
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

TEST(Sfu, LimitsWhatANackStormCosts) {
  Broadcast b;
  b.frames(20, true);
  const auto sent = b.viewer.take(viewer_ids()).rtp;
  std::vector<rtp::SequenceNumber> all;
  for (const Received& packet : sent) all.push_back(packet.header.sequence);
  const std::uint64_t before = b.bed.stats().retransmitted.get();
  for (int storm = 0; storm < 50; ++storm) {
    ask_again(b, all);
    b.bed.advance(5 * kMs);
  }
  const std::uint64_t again = b.bed.stats().retransmitted.get() - before;
  EXPECT_GE(again, 20U);
  constexpr std::uint64_t kBytes = 700;  // of one packet's payload
  EXPECT_LE(again * kBytes, RetransmissionPacer::kCapacity_bytes + RetransmissionPacer::kTrickle_bytes_per_s)
      << "of " << 50 * sent.size() << " that were asked for";
  EXPECT_GT(b.bed.stats().retransmissions_held_back.get(), 0U);
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

TEST(Sfu, KeepsTheRollOverCounterOfAStreamWhoseTrackIsPutAgain) {
  Broadcast b;
  Layer& layer = b.layers[0];
  b.layers.resize(1);
  layer.sequence = 65500;
  for (int i = 0; i < 17; ++i) layer.send_frame(b.publisher, i == 0);
  b.bed.run();
  b.bed.update({RemoveTrack{0}});
  b.bed.update({SetTrack{0, 77, simulcast(0)}, SetSubscription{0, 1, view_of(1, 0)}});
  b.viewer.take();
  for (int i = 0; i < 4; ++i) {  // past the wrap: roll-over counter 1
    const Payload header = layer.header(true);
    const std::uint32_t roll_over = net::load_be16(&header[2]) < 1000 ? 1 : 0;
    b.publisher.send_rtp(header, layer.payload(true, true), roll_over);
  }
  b.bed.run();
  EXPECT_EQ(b.bed.dropped(net::Drop::srtp_forged), 0U);
}

TEST(Sfu, RefusesWhatIsNotTheTracksPayloadType) {
  Broadcast b;
  b.frames(1, true);
  Payload header = b.layers[2].header(true);
  header[1] = static_cast<std::uint8_t>((header[1] & 0x80) | 102);  // H.264, perhaps
  b.publisher.send_rtp(header, b.layers[2].payload(false, true));
  b.bed.run();
  EXPECT_EQ(b.bed.dropped(net::Drop::foreign_payload_type), 1U);
}

TEST(Sfu, KeepsMediaForAWhileAndNotForEver) {
  Broadcast b;
  b.frames(10, true);
  EXPECT_GT(b.bed.stats().media_packets.get() + b.bed.stats().received_packets.get(), 60U);
  b.bed.advance(3'000 * kMs);
  EXPECT_EQ(b.bed.stats().media_packets.get(), 0U) << "silent publishers give their share back";
}

TEST(Sfu, ServesEverybodyWhenTheMediaStoreIsSmall) {
  SfuBed bed({.media_packets = 1023});
  std::vector<std::unique_ptr<Client>> publishers;
  std::vector<Layer> layers;
  for (std::uint8_t i = 0; i < 6; ++i) {
    publishers.push_back(std::make_unique<Client>(bed, i, client(static_cast<std::uint8_t>(10 + i))));
    ASSERT_TRUE(publishers.back()->check());
    bed.update({SetTrack{i, 300U + i, simulcast(i)}});
    layers.push_back({"q", 0x5000U + i, 320, 180});
  }
  for (int frame = 0; frame < 200; ++frame) {
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i].send_frame(*publishers[i], frame == 0);
    bed.advance(33 * kMs);
  }
  EXPECT_EQ(bed.dropped(net::Drop::media_store_full), 0U);
}

TEST(Sfu, SurvivesFlowsThatChangeWithinABurst) {
  SfuBed bed;
  Client first(bed, 0, client(1));
  ASSERT_TRUE(first.check());
  bed.advance(6'000 * kMs);
  std::vector<std::unique_ptr<Client>> roaming;  // one endpoint, checked from many addresses
  Client second(bed, 1, client(2));
  for (std::uint8_t i = 0; i < 8; ++i) {
    second.move_to(client(static_cast<std::uint8_t>(20 + i)));
    ASSERT_TRUE(second.check());
  }
  second.move_to(client(1));  // the idle address of the first
  second.send_check();
  const Payload media{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4};
  const Payload rtcp{0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8};
  const Payload dtls{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  for (const Payload* p : {&media, &rtcp, &dtls}) second.send(*p);
  bed.run();
  EXPECT_EQ(bed.imbalance(), "");
}

TEST(Sfu, RefusesAnSsrcThatIsAnotherStreams) {
  Broadcast b;
  b.frames(1, true);
  b.layers[0].ssrc = b.layers[1].ssrc;  // says RID q, with the SSRC that h has
  b.layers[0].sequence = 20000;
  const std::uint64_t before = b.bed.board().tracks[0].encodings[0].packets.get();
  b.layers[0].send_frame(b.publisher, true);
  b.bed.run();
  EXPECT_EQ(b.bed.board().tracks[0].encodings[0].packets.get(), before) << "an SSRC means what it was learned as";
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

TEST(Sfu, GivesEverythingBackWhenEndpointsGo) {
  SfuBed bed;
  for (std::uint32_t round = 0; round < 20; ++round) {
    Client publisher(bed, 0, client(1)), viewer(bed, 1, client(2));
    ASSERT_TRUE(publisher.check() && viewer.check());
    bed.update({SetTrack{0, 100 + round, simulcast(0)}, SetSubscription{0, 100 + round, view_of(1, 0)}});
    Layer layer{"h", 0xa2, 640, 360};
    for (int i = 0; i < 40; ++i) layer.send_frame(publisher, i == 0);
    bed.run();
    EXPECT_EQ(viewer.take(viewer_ids()).rtp.size(), 80U);
    bed.update({RemoveEndpoint{0}, RemoveEndpoint{1}});
    bed.advance(200 * kMs);
    bed.take(client(1));
  }
  EXPECT_EQ(bed.stats().endpoints.get() + bed.stats().tracks.get() + bed.stats().subscriptions.get(), 0U);
  EXPECT_EQ(bed.stats().media_packets.get(), 0U) << "the media store is empty";
  EXPECT_EQ(bed.shard().flows().size(), 0U);
  EXPECT_EQ(bed.imbalance(), "");
}

TEST(Sfu, TakesAnAddressFromAnEndpointOnlyWhenThatIsSilent) {
  SfuBed bed;
  Client victim(bed, 0, client(1));
  ASSERT_TRUE(victim.check());
  Client attacker(bed, 1, client(1));  // knows its own password, and forges the victim's address
  EXPECT_FALSE(attacker.check());
  EXPECT_EQ(bed.dropped(net::Drop::check_pair_taken), 1U);
  bed.advance(6'000 * kMs);
  EXPECT_TRUE(attacker.check()) << "the victim's client is gone; its port was given to another";
  EXPECT_EQ(bed.board().endpoints[0].ice.get(), static_cast<std::uint64_t>(IceState::waiting));
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
