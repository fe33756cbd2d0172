// The SFU service among hostile clients and at its limits: forgeries, floods, collisions, full stores, what is given
// back.

#include <gtest/gtest.h>

#include <memory>

#include "dataplane/sfu/forward/retransmission_pacer.h"
#include "tests/sfu/broadcast.h"

namespace penstock::sfu::test {
namespace {

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

TEST(Sfu, AFullMediaStoreSoonHasRoomAgain) {
  SfuBed bed({.media_packets = 511});
  std::vector<std::unique_ptr<Client>> publishers;
  std::vector<Layer> layers;
  for (std::uint8_t i = 0; i < 6; ++i) {
    publishers.push_back(std::make_unique<Client>(bed, i, client(static_cast<std::uint8_t>(10 + i))));
    ASSERT_TRUE(publishers.back()->check());
    bed.update({SetTrack{i, 300U + i, simulcast(i)}});
    layers.push_back({"q", 0x5000U + i, 320, 180});
  }
  for (int frame = 0; frame < 60; ++frame) {
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i].send_frame(*publishers[i], frame == 0);
    bed.run();
  }
  EXPECT_GT(bed.dropped(net::Drop::media_store_full), 100U);
  const auto frames = [&](int n) {
    for (int frame = 0; frame < n; ++frame) {
      for (std::size_t i = 0; i < layers.size(); ++i) layers[i].send_frame(*publishers[i], false);
      bed.advance(33 * kMs);
    }
  };
  frames(6);
  const std::uint64_t before = bed.dropped(net::Drop::media_store_full);
  frames(30);
  EXPECT_EQ(bed.dropped(net::Drop::media_store_full), before);
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

}  // namespace
}  // namespace penstock::sfu::test
