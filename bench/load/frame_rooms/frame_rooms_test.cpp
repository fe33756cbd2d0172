// What frame_rooms believes of packets, with known faults, before it is believed.

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <array>
#include <vector>

#include "bench/load/frame_rooms/audience.h"
#include "bench/load/frame_rooms/camera.h"
#include "bench/load/frame_rooms/crowd.h"
#include "bench/load/frame_rooms/options.h"
#include "bench/load/frame_rooms/wire.h"
#include "bench/load/frames/datagram.h"
#include "dataplane/net/frame.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/rtp/vp8.h"

namespace penstock::frame_rooms {
namespace {

constexpr net::MacAddress kOurs = {2, 0, 0, 0, 0, 2};
constexpr net::MacAddress kRelays = {2, 0, 0, 0, 0, 1};
constexpr net::LinkHeader kLink{kRelays, kOurs};
constexpr std::size_t kPayload = 300;
constexpr std::size_t kTag = 16;
constexpr std::uint64_t kNow = 1'000'000'000'000;

const net::Endpoint kRelay{net::Address::v4(0x0a000001), 3500};

frames::Cast cast() {
  return {.gateway = net::Address::v4(0x0a000002),
          .server = kRelay,
          .client = {net::Address::v4(0x0a400001), 40000},
          .peer = {},
          .flows = 3};
}

/// A publisher whose packets are looked at as if they had been forwarded to viewer 1: same key, another SSRC.
class FrameRoomsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(net::start_environment(64)); }

  FrameRoomsTest() : pool_(std::move(net::PacketPool::create("frame-rooms", 255, 2048, 0).value())) {
    cipher_ = std::move(srtp::make_cipher(srtp::Kind::automatic, 6).value());
    srtp::MasterKey key;
    key.profile = srtp::Profile::aead_aes_128_gcm;
    key.key.fill(7);
    for (srtp::ContextId id = 0; id < 6; ++id) cipher_->install(id, key);
  }

  /// The next RTP packets of the camera.
  std::vector<std::vector<std::uint8_t>> film(Camera& camera, std::size_t count) {
    std::vector<net::Packet*> packets(count);
    EXPECT_TRUE(pool_.allocate_bulk(packets));
    camera.write(packets, kNow);
    std::vector<std::vector<std::uint8_t>> datagrams;
    for (net::Packet* p : packets) {
      const auto frame = net::parse_frame(net::payload(const_cast<const net::Packet*>(p)));
      EXPECT_EQ(frame.kind, net::FrameKind::datagram);
      EXPECT_TRUE(is_sound(net::payload(p)));
      const auto bytes = net::payload(p).subspan(frame.payload, frame.payload_size);
      datagrams.emplace_back(bytes.begin(), bytes.end());
      net::free(p);
    }
    return datagrams;
  }

  Camera camera() {
    return {*cipher_,
            Crowd::send_context(0),
            kTag,
            {.payload_bytes = kPayload, .frame_packets = 4},
            {kLink, cast().client, kRelay}};
  }

  net::PacketPool pool_;
  std::unique_ptr<srtp::Cipher> cipher_;
};

std::vector<std::uint8_t> forwarded(std::uint16_t sequence, std::uint32_t ssrc) {
  std::vector<std::uint8_t> packet(12 + kPayload + kTag);
  rtp::write_fixed_header(std::span<std::uint8_t, 12>(packet.data(), 12),
                          {.ssrc = rtp::Ssrc{ssrc}, .timestamp = {}, .sequence = {sequence}, .payload_type = 96});
  return packet;
}

TEST_F(FrameRoomsTest, TheCameraMakesFramesThatARelayUnderstands) {
  Camera camera = this->camera();
  const auto packets = film(camera, 8);
  EXPECT_EQ(camera.key_frames(), 1u);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    std::vector<std::uint8_t> copy = packets[i];
    std::vector<std::uint8_t> plain(kPayload);
    const auto header = rtp::parse_header(copy);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->marker, i % 4 == 3);
    srtp::UnprotectJob job;
    job.context = Crowd::send_context(0);
    job.header_size = header->header_bytes;
    job.packet_index = header->sequence.value;
    job.packet = copy;
    job.out = plain;
    cipher_->unprotect({&job, 1});
    ASSERT_EQ(job.result, srtp::Result::ok);
    const auto descriptor = rtp::parse_vp8(plain);
    ASSERT_TRUE(descriptor);
    EXPECT_EQ(descriptor->frame_start(), i % 4 == 0);
    EXPECT_EQ(rtp::starts_key_frame(*descriptor, plain), i == 0);
  }
}

TEST_F(FrameRoomsTest, KeyFramesComeWhenAskedForButNotTooOften) {
  Camera camera = this->camera();
  camera.request_key_frame(kNow);
  film(camera, 4);
  camera.request_key_frame(kNow + 1'000'000);
  film(camera, 4);
  EXPECT_EQ(camera.key_frames(), 1u);
  camera.request_key_frame(kNow + 400'000'000);
  film(camera, 4);
  EXPECT_EQ(camera.key_frames(), 2u);
}

TEST_F(FrameRoomsTest, TheAudienceCountsWhatIsMissingLateTwiceOrSomebodyElses) {
  Audience audience(*cipher_, 2, kTag, kPayload, [](std::uint32_t, std::span<const std::uint8_t>) {});
  const auto take = [&](std::uint32_t viewer, std::uint16_t sequence, std::uint32_t ssrc) {
    auto packet = forwarded(sequence, ssrc);
    audience.take_rtp(viewer, packet, kNow);
  };
  for (const std::uint16_t sequence : std::initializer_list<std::uint16_t>{65534, 65535, 2, 1, 1})
    take(1, sequence, Ssrcs::of_viewer(1));
  take(2, 7, Ssrcs::of_viewer(1));
  take(2, 7, Ssrcs::rtx_of_viewer(2));
  const AudienceCounters& counted = audience.counters();
  EXPECT_EQ(counted.delivered, 4u);
  EXPECT_EQ(counted.settled, 5u) << "0 is lost";
  EXPECT_EQ(counted.late, 1u);
  EXPECT_EQ(counted.duplicated, 1u);
  EXPECT_EQ(counted.misdelivered, 1u);
  EXPECT_EQ(counted.retransmitted, 1u);
  EXPECT_EQ(audience.watching(), 1u);
}

TEST_F(FrameRoomsTest, WhatIsNotAuthenticOrNotWhatWasPublishedIsDamaged) {
  Audience audience(*cipher_, 1, kTag, kPayload, [](std::uint32_t, std::span<const std::uint8_t>) {});
  for (std::uint16_t i = 0; i < 64; ++i) {  // one of 64 is looked at
    auto packet = forwarded(i, Ssrcs::of_viewer(1));
    audience.take_rtp(1, packet, kNow);
  }
  EXPECT_EQ(audience.counters().damaged, 1u);
  EXPECT_EQ(audience.counters().verified, 0u);
}

TEST(FrameRoomsWireTest, ReadsWholeDatagramsForParticipantsAlone) {
  const frames::Cast all = cast();
  const std::array<std::uint8_t, 5> payload{1, 2, 3, 4, 5};
  auto frame = frames::datagram_frame(kLink, kRelay, all.client_of(2), payload);
  const auto arrival = read_arrival(all, frame);
  ASSERT_TRUE(arrival);
  EXPECT_EQ(arrival->participant, 2u);
  EXPECT_TRUE(std::ranges::equal(arrival->datagram, payload));
  frame.resize(60);  // Ethernet's padding is not the datagram's
  EXPECT_EQ(read_arrival(all, frame)->datagram.size(), payload.size());
  EXPECT_FALSE(read_arrival(all, std::span(frame).first(46))) << "cut short";
  auto stranger = frames::datagram_frame(kLink, kRelay, all.client_of(3), payload);
  EXPECT_FALSE(read_arrival(all, stranger));
  frame[21] = 1;
  EXPECT_FALSE(read_arrival(all, frame)) << "a fragment";
}

TEST(FrameRoomsOptionsTest, RefusesWhatCannotBeMeasured) {
  Options good;
  good.link.device = "net_memif,role=client,id=0,socket=/tmp/x";
  good.cast = cast();
  ASSERT_TRUE(checked(good));
  const auto refused = [&](auto&& change) {
    Options bad = good;
    change(bad);
    return !checked(bad).has_value();
  };
  EXPECT_TRUE(refused([](Options& o) { o.link.device.clear(); }));
  EXPECT_TRUE(refused([](Options& o) { o.cast.flows = 1; }));
  EXPECT_TRUE(refused([](Options& o) { o.camera.payload_bytes = 31; }));
  EXPECT_TRUE(refused([](Options& o) { o.camera.frame_packets = 0; }));
  EXPECT_TRUE(refused([](Options& o) { o.plan.burst = 65; }));
  EXPECT_TRUE(refused([](Options& o) { o.plan.interval_s = 0; }));
}

}  // namespace
}  // namespace penstock::frame_rooms
