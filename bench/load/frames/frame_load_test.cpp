// What frame_load believes about frames and metrics, checked against net's parser before it is believed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "bench/load/frames/datagram.h"
#include "bench/load/frames/gateway.h"
#include "bench/load/frames/lanes.h"
#include "bench/load/frames/options.h"
#include "bench/load/frames/relay_counters.h"
#include "dataplane/net/checksum.h"
#include "dataplane/net/frame.h"

namespace penstock::frames {
namespace {

constexpr net::MacAddress kOurs = {2, 0, 0, 0, 0, 2};
constexpr net::MacAddress kRelays = {2, 0, 0, 0, 0, 1};

Cast cast() {
  return {.gateway = net::Address::v4(0x0a000002),
          .server = {net::Address::v4(0x0a000001), 3478},
          .client = {net::Address::v4(0x0a400001), 40000},
          .peer = {net::Address::v4(0x0a800001), 50000},
          .flows = 300};
}

std::vector<net::Endpoint> relayed() {
  std::vector<net::Endpoint> all;
  for (std::uint16_t i = 0; i < 300; ++i) all.push_back({net::Address::v4(0x0a000003), std::uint16_t(20000 + i)});
  return all;
}

TEST(GatewayTest, AnswersForItsOwnAddressOnlyAndLearnsTheRelays) {
  Gateway gateway(cast(), kOurs);
  Cast other = cast();
  std::swap(other.gateway, other.server.address);
  Gateway relay(other, kRelays);
  const auto answer = relay.input(gateway.request());
  ASSERT_TRUE(answer);
  EXPECT_FALSE(gateway.input(*answer));
  EXPECT_EQ(gateway.relay_mac(), kRelays);
  EXPECT_FALSE(gateway.input(gateway.request())) << "asks for somebody else";
  const ArpFrame question = relay.request();
  EXPECT_TRUE(gateway.input(question));
  EXPECT_FALSE(gateway.input(std::span(question).first(41))) << "cut short";
}

TEST(LanesTest, TellWhatIsSentAndWhatHasToArrive) {
  const auto relays = relayed();
  const Lanes lanes = Lanes::through_relay(cast(), relays, {kRelays, kOurs}, Direction::both, 100);
  ASSERT_EQ(lanes.size(), 600u);
  // Client 7 sends ChannelData to the relay; from the relayed address it has to come to peer 7.
  const Lane& up = lanes[14];
  EXPECT_TRUE(lanes.to_peer(14));
  std::vector<std::uint8_t> sent(up.head.begin(), up.head.begin() + up.head_size);
  sent.resize(kChannelHead + 100);
  const net::Frame frame = net::parse_frame(sent);
  EXPECT_EQ(frame.source, cast().client_of(7));
  EXPECT_EQ(frame.destination, cast().server);
  const auto channel = stun::parse_channel_data(std::span(sent).subspan(frame.payload));
  ASSERT_TRUE(channel);
  EXPECT_EQ(channel->channel, Cast::channel_of(7));
  EXPECT_EQ(channel->data.size(), 100u);
  const auto arriving = datagram_frame({kOurs, kRelays}, relays[7], cast().peer_of(7), std::vector<std::uint8_t>(100));
  EXPECT_EQ(std::memcmp(arriving.data() + kAddressingOffset, up.arrival.data(), up.arrival.size()), 0);
  EXPECT_EQ(up.arrival_head_size, kPlainHead);
  // And back.
  EXPECT_FALSE(lanes.to_peer(15));
  EXPECT_EQ(lanes[15].arrival_head_size, kChannelHead);
  EXPECT_EQ(lanes[15].arrival_channel, Cast::channel_of(7));
}

TEST(LanesTest, ReflectedFramesArriveAsTheyWereSent) {
  const Lanes lanes = Lanes::reflected(cast(), {kRelays, kOurs}, Direction::both, 100);
  for (const Lane& lane : lanes.all()) {
    EXPECT_EQ(lane.arrival_head_size, lane.head_size);
    EXPECT_EQ(std::memcmp(lane.head.data() + kAddressingOffset, lane.arrival.data(), lane.arrival.size()), 0);
  }
}

TEST(LanesTest, AreShuffledAndAllThere) {
  const Lanes lanes = Lanes::reflected(cast(), {kRelays, kOurs}, Direction::to_peer, 100);
  const auto order = lanes.shuffled();
  EXPECT_FALSE(std::ranges::is_sorted(order));
  EXPECT_EQ(std::set<std::uint32_t>(order.begin(), order.end()).size(), 300u);
}

TEST(RelayCountersTest, SumOverWorkersByLabel) {
  const RelayCounters counters = parse_relay_counters(
      "# HELP penstock_packets_sent_total Packets sent.\n"
      "penstock_packets_sent_total{worker=\"0\"} 10\n"
      "penstock_packets_sent_total{worker=\"1\"} 5\n"
      "penstock_stage_cycles_total{worker=\"0\",stage=\"receive\"} 100\n"
      "penstock_stage_cycles_total{worker=\"1\",stage=\"receive\"} 1e3\n"
      "penstock_packets_dropped_total{worker=\"0\",reason=\"tx_full\"} 3\n"
      "penstock_ready 1\n");
  EXPECT_EQ(counters.sent, 15);
  EXPECT_EQ(counters.stage_cycles.at("receive"), 1100);
  EXPECT_EQ(counters.dropped.at("tx_full"), 3);
  EXPECT_EQ((counters - counters).stage_cycles.at("receive"), 0);
}

TEST(FrameLoadOptionsTest, RefusesWhatCannotBeMeasured) {
  Options good;
  good.link.device = "net_memif,role=client,id=0,socket=/tmp/x";
  good.cast = cast();
  good.user = "u";
  ASSERT_TRUE(checked(good));
  const auto refused = [&](auto&& change) {
    Options bad = good;
    change(bad);
    return !checked(bad).has_value();
  };
  EXPECT_TRUE(refused([](Options& o) { o.link.device.clear(); }));
  EXPECT_TRUE(refused([](Options& o) { o.user.clear(); }));
  EXPECT_TRUE(refused([](Options& o) { o.payload_bytes = kStampBytes; }));
  EXPECT_TRUE(refused([](Options& o) { o.cast.flows = 0; }));
  EXPECT_TRUE(refused([](Options& o) { o.cast.peer.address = net::Address{}; }));
  EXPECT_TRUE(refused([](Options& o) { o.duration_s = 300; }));
  EXPECT_FALSE(refused([](Options& o) { o.mode = Mode::reflect, o.user.clear(); }));
}

}  // namespace
}  // namespace penstock::frames
