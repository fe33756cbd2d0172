// What becomes of packets that leave through a DPDK port.

#include <gmock/gmock.h>

#include <numeric>

#include "tests/port/dpdk_wire.h"

namespace penstock::port {
namespace {

using net::Drop;
using ::testing::Each;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr std::uint16_t kPort = 49200;

class DpdkSendTest : public DpdkWireTest {
 protected:
  void start_and_bind(const WireSetup& setup = {}) {
    start(setup);
    v4_ = bind({kOurV4, kPort}, 0, {.icmp_errors = true});
    v6_ = bind({kOurV6, kPort}, 0, {.icmp_errors = true});
  }
  /// The next hops' addresses are known to this worker from now on.
  void warm_up() {
    know_neighbours();
    transmit(v4_, kRemote, {1});
    transmit(v6_, kRemoteV6, {1});
    await_left(2);
  }
  static FrameBytes payload_of(const FrameBytes& frame) {
    const net::Frame f = net::parse_frame(frame);
    return {frame.begin() + f.payload, frame.begin() + f.payload + f.payload_size};
  }
  std::optional<IcmpError> icmp_error() {
    std::array<IcmpError, 1> one;
    return port().take_icmp_errors(one) == 1 ? std::optional(one[0]) : std::nullopt;
  }

  net::LocalId v4_ = net::kNoLocal, v6_ = net::kNoLocal;
};

const FrameBytes kWords = net::counting(1, 101);

TEST_F(DpdkSendTest, ADatagramLeavesWithEverythingRight) {
  start_and_bind();
  warm_up();
  for (const bool v6 : {false, true}) {
    net::Packet* p = host_->pool(0).allocate();
    std::memcpy(rte_pktmbuf_append(p, 101), kWords.data(), kWords.size());
    net::PacketInfo& i = net::info(p);
    i.tos = 0x2e;
    i.lead = {9, 8, 7, 6};  // as a service gives it for a payload whose headroom is a neighbour's
    i.lead_size = 4;
    i.tail_size = 3;
    transmit(p, v6 ? v6_ : v4_, v6 ? kRemoteV6 : kRemote);
    const auto frames = left();
    ASSERT_THAT(frames, SizeIs(1));
    const net::Frame f = net::parse_frame(frames[0]);
    EXPECT_EQ(f.kind, net::FrameKind::datagram);
    EXPECT_TRUE(std::equal(kNeighbourMac.begin(), kNeighbourMac.end(), frames[0].begin()));
    EXPECT_TRUE(std::ranges::equal(host_->devices()[0]->mac(), std::span(frames[0]).subspan(6, 6)));
    EXPECT_EQ(f.source, (net::Endpoint{v6 ? kOurV6 : kOurV4, kPort}));
    EXPECT_EQ(f.destination, v6 ? kRemoteV6 : kRemote);
    EXPECT_EQ(f.tos, 0x2e);
    EXPECT_FALSE(f.dont_fragment);
    EXPECT_EQ(payload_of(frames[0]), (FrameBytes{9, 8, 7, 6}) + kWords + (FrameBytes{0, 0, 0}));
    EXPECT_TRUE(net::verified_payload_sum(frames[0], f));
  }
}

TEST_F(DpdkSendTest, WhatArrivedLeavesWithoutBeingReadAgain) {
  start_and_bind();
  warm_up();
  inject(datagram_frame(kRemote, {kOurV4, kPort}, kWords));
  net::Burst burst;
  port().receive(burst);
  ASSERT_EQ(burst.size, 1U);
  ++delivered_count_[0];
  net::Packet* p = burst.packets[0];
  net::strip(p, 5);
  std::memcpy(net::prepend(p, 3), "abc", 3);
  EXPECT_NE(net::info(p).flags & net::PacketInfo::kSummed, 0);
  transmit(p, v6_, kRemoteV6);
  const auto frames = left();
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_TRUE(net::verified_payload_sum(frames[0], net::parse_frame(frames[0])));
  EXPECT_THAT(payload_of(frames[0]), SizeIs(kWords.size() - 2));
}

TEST_F(DpdkSendTest, WhatIsTooLongLeavesInPieces) {
  start_and_bind({.keys = ";mtu=1300"});
  warm_up();
  const FrameBytes words = net::counting(0, 1800);
  for (const bool v6 : {false, true}) {
    transmit(v6 ? v6_ : v4_, v6 ? kRemoteV6 : kRemote, words);
    const auto frames = left();
    ASSERT_THAT(frames, SizeIs(2));
    FrameBytes all;
    for (const FrameBytes& frame : frames) {
      EXPECT_LE(frame.size(), 1314U);
      EXPECT_EQ(net::parse_frame(frame).kind, net::FrameKind::fragment);
      all = all + payload_of(frame);
    }
    ASSERT_EQ(all.size(), words.size() + 8);
    EXPECT_TRUE(std::equal(words.begin(), words.end(), all.begin() + 8));
  }
  EXPECT_EQ(port().counters().sent_packets.get(), 4U) << "a datagram in pieces is one packet";
}

TEST_F(DpdkSendTest, WhatMustNotBeCutComesBackAsAnError) {
  start_and_bind({.keys = ";mtu=1300"});
  warm_up();
  const FrameBytes fits_v4 = net::counting(0, 1272), fits_v6 = net::counting(0, 1252);
  transmit(v4_, kRemote, fits_v4, net::PacketInfo::kDontFragment);
  transmit(v6_, kRemoteV6, fits_v6, net::PacketInfo::kDontFragment);
  const auto frames = left();
  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_TRUE(net::parse_frame(frames[0]).dont_fragment);

  transmit(v4_, kRemote, fits_v4 + FrameBytes{0}, net::PacketInfo::kDontFragment);
  auto error = icmp_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->local, v4_);
  EXPECT_EQ(error->remote, kRemote);
  EXPECT_EQ(error->type, 3);
  EXPECT_EQ(error->code, 4);
  EXPECT_EQ(error->data, 1300U);
  transmit(v6_, kRemoteV6, fits_v6 + FrameBytes{0}, net::PacketInfo::kDontFragment);
  error = icmp_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->local, v6_);
  EXPECT_EQ(error->type, 2);
  EXPECT_EQ(error->code, 0);
  EXPECT_EQ(error->data, 1300U);
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_EQ(dropped(Drop::tx_too_big), 2U);
}

// An ICMP "fragmentation needed" from the neighbour about what was sent to 198.51.100.9.
FrameBytes fragmentation_needed(const net::Address& ours, const net::Endpoint& far, std::uint16_t mtu) {
  const auto quad = [](const net::Address& a) { return FrameBytes(a.bytes.begin() + 12, a.bytes.end()); };
  FrameBytes frame = net::from_hex("02000000000b02000000000a0800 4500000000000000 4001 0000 c0000202") + quad(ours) +
                     net::from_hex("03040000 0000") +
                     FrameBytes{static_cast<std::uint8_t>(mtu >> 8), static_cast<std::uint8_t>(mtu)} +
                     net::from_hex("450005780000400040110000") + quad(ours) + quad(far.address) +
                     FrameBytes{static_cast<std::uint8_t>(kPort >> 8), static_cast<std::uint8_t>(kPort & 0xff),
                                static_cast<std::uint8_t>(far.port >> 8), static_cast<std::uint8_t>(far.port)} +
                     net::from_hex("05640000");
  net::store_be16(&frame[16], static_cast<std::uint16_t>(frame.size() - 14));
  net::mend_ipv4(frame);
  const std::uint16_t sum = net::complement(net::ones_sum({&frame[34], frame.size() - 34}));
  std::memcpy(&frame[36], &sum, 2);
  return frame;
}

TEST_F(DpdkSendTest, APathsMtuIsLearntFromIcmp) {
  start_and_bind();
  warm_up();
  ASSERT_TRUE(run("ip route add default via 192.0.2.2"));
  const net::Endpoint far{*net::parse_address("198.51.100.9"), 9};
  const FrameBytes words = net::counting(0, 1300);
  EXPECT_TRUE(eventually([&] {
    pass();
    return port().resolve(v4_, far) != net::kNoPath;
  }));
  transmit(v4_, far, words);
  ASSERT_THAT(await_left(1), SizeIs(1));
  inject(fragmentation_needed(kOurV4, far, 1200));
  pass();
  const auto told = icmp_error();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->data, 1200U);
  transmit(v4_, far, words);
  const auto pieces = left();
  ASSERT_THAT(pieces, SizeIs(2));
  for (const FrameBytes& piece : pieces) EXPECT_LE(piece.size(), 1214U);
  transmit(v4_, far, words, net::PacketInfo::kDontFragment);
  const auto refused = icmp_error();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->data, 1200U);
  transmit(v4_, kRemote, words);
  EXPECT_THAT(left(), SizeIs(1)) << "other paths are as wide as before";
}

TEST_F(DpdkSendTest, PacketsWaitForTheirNextHopAndKeepTheirOrder) {
  start_and_bind();
  for (std::uint8_t i = 0; i < 5; ++i) transmit(v4_, kRemote, {i});
  EXPECT_EQ(port().counters().held.get(), 5U);
  EXPECT_TRUE(eventually([&] {
    pass();
    EXPECT_THAT(left(), IsEmpty());
    return !of_kernel_.empty();  // its ARP request
  }));
  know_neighbours();
  const auto frames = await_left(5);
  ASSERT_THAT(frames, SizeIs(5));
  for (std::uint8_t i = 0; i < 5; ++i) EXPECT_EQ(payload_of(frames[i]), FrameBytes{i});
  EXPECT_EQ(port().counters().held.get(), 0U);
}

TEST_F(DpdkSendTest, WhoDoesNotAnswerIsGivenUp) {
  start_and_bind();
  for (std::uint8_t i = 0; i < 5; ++i) transmit(v4_, kRemote, {i});
  EXPECT_TRUE(eventually([&] {
    pass();
    return dropped(Drop::tx_no_neighbour) == 5;
  }));
  EXPECT_EQ(port().counters().held.get(), 0U);
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(DpdkSendTest, TheWaitingRoomIsBoundedForEachHop) {
  start_and_bind();
  for (std::uint32_t i = 0; i < WaitingRoom::kPerHop; ++i) transmit(v4_, kRemote, {1});
  EXPECT_EQ(dropped(Drop::tx_no_neighbour), 0U);
  transmit(v4_, kRemote, {2});
  EXPECT_EQ(dropped(Drop::tx_no_neighbour), 1U);
  EXPECT_EQ(port().counters().held.get(), WaitingRoom::kPerHop);
}

TEST_F(DpdkSendTest, ANeighbourWithANewAddressIsFollowed) {
  start_and_bind();
  warm_up();
  ASSERT_TRUE(run("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:33 dev pen0 nud permanent"));
  EXPECT_TRUE(eventually([&] {
    pass();
    transmit(v4_, kRemote, {1});
    const auto frames = left();
    return !frames.empty() && frames.back()[5] == 0x33;
  }));
}

TEST_F(DpdkSendTest, ALinkThatIsDownDropsByNameAndComesBack) {
  start_and_bind();
  warm_up();
  ASSERT_TRUE(run("ip link set pen0 down"));
  EXPECT_TRUE(eventually([&] {
    pass();
    transmit(v4_, kRemote, {1});
    left();
    return dropped(Drop::tx_link_down) + dropped(Drop::tx_unreachable) > 0;
  }));
  const std::uint64_t unreachable = dropped(Drop::tx_unreachable);
  ASSERT_TRUE(run("ip link set pen0 up"));
  know_neighbours();
  EXPECT_TRUE(eventually([&] {
    pass();
    transmit(v4_, kRemote, {2});
    const auto frames = left();
    return !frames.empty() && payload_of(frames.back()) == FrameBytes{2};
  }));
  EXPECT_GE(dropped(Drop::tx_unreachable), unreachable);
}

TEST_F(DpdkSendTest, WithoutARouteNothingLeaves) {
  start_and_bind();
  know_neighbours();
  // The kernel lists an IPv6 address as its own a moment after the network it is on.
  EXPECT_TRUE(eventually([&] {
    const std::uint64_t before = dropped(Drop::tx_unreachable);
    transmit(v6_, {*net::parse_address("2001:db8::1"), 9}, {1});
    pass();
    return dropped(Drop::tx_unreachable) == before + 1;
  }));
  const std::uint64_t before = dropped(Drop::tx_unreachable);
  for (const char* nowhere : {"198.51.100.1", "192.0.2.1", "192.0.2.255", "224.0.0.1", "127.0.0.1"}) {
    transmit(v4_, {*net::parse_address(nowhere), 9}, {1});
  }
  for (const char* nowhere : {"2001:db9::1", "2001:db8::1", "ff02::1", "::1"}) {
    transmit(v6_, {*net::parse_address(nowhere), 9}, {1});
  }
  transmit(v4_, kRemoteV6, {1});  // the other family
  pass();
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_EQ(dropped(Drop::tx_unreachable), before + 10);
}

TEST_F(DpdkSendTest, AFullTransmitRingDropsTheRest) {
  start_and_bind({.wire_frames = 64});
  warm_up();
  for (unsigned i = 0; i < 100; ++i) transmit(v4_, kRemote, {1});
  EXPECT_EQ(dropped(Drop::tx_no_buffer), 36U);
  EXPECT_THAT(left(), SizeIs(64));
  transmit(v4_, kRemote, {2});
  EXPECT_THAT(left(), SizeIs(1));
}

TEST_F(DpdkSendTest, WithoutPacketsThereAreNoPieces) {
  start_and_bind({.keys = ";mtu=1300"});
  warm_up();
  net::PacketPool& pool = host_->pool(0);
  net::Packet* long_one = pool.allocate();
  rte_pktmbuf_append(long_one, 1800);
  std::vector<net::Packet*> hoard;
  while (net::Packet* p = pool.allocate()) hoard.push_back(p);
  transmit(long_one, v4_, kRemote);
  EXPECT_EQ(dropped(Drop::tx_no_buffer), 1U);
  EXPECT_THAT(left(), IsEmpty());
  for (net::Packet* p : hoard) net::free(p);
  transmit(v4_, kRemote, net::counting(0, 1800));
  EXPECT_THAT(left(), SizeIs(2));
}

TEST_F(DpdkSendTest, AVlanOfTheKernelsTagsWhatLeavesThroughIt) {
  start_and_bind();
  if (!run("ip link add link pen0 name pen0.7 type vlan id 7")) GTEST_SKIP() << "this kernel has no VLANs";
  ASSERT_TRUE(
      run("ip addr add 198.51.100.1/24 dev pen0.7 && "
          "ip link set pen0.7 up && "
          "ip neigh replace 198.51.100.2 lladdr 02:00:00:00:00:0a dev pen0.7 nud permanent"));
  const net::Endpoint far{*net::parse_address("198.51.100.2"), 9};
  EXPECT_TRUE(eventually([&] {
    pass();
    return port().resolve(v4_, far) != net::kNoPath;
  }));
  transmit(v4_, far, kWords);
  const auto frames = await_left(1);
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(net::parse_frame(frames[0]).vlan, 7);
  EXPECT_EQ(payload_of(frames[0]), kWords);
}

// Its owner, another worker's port perhaps, goes on receiving there.
TEST_F(DpdkSendTest, ALentEndpointSendsAsItself) {
  start_and_bind();
  warm_up();
  const auto lent = port().lend(v4_);
  ASSERT_TRUE(lent);
  const auto borrowed = port().borrow(*lent);
  ASSERT_TRUE(borrowed);
  EXPECT_NE(*borrowed, v4_);
  transmit(*borrowed, kRemote, kWords);
  const auto frames = left();
  ASSERT_THAT(frames, SizeIs(1));
  const net::Frame f = net::parse_frame(frames[0]);
  EXPECT_EQ(f.source, (net::Endpoint{kOurV4, kPort}));
  EXPECT_EQ(payload_of(frames[0]), kWords);
  port().unbind(*borrowed);
  transmit(v4_, kRemote, kWords);
  EXPECT_THAT(left(), SizeIs(1)) << "the endpoint itself is still bound";
}

TEST_F(DpdkSendTest, APacketOfAnUnboundEndpointIsAnError) {
  start_and_bind();
  know_neighbours();
  const net::PathId path = port().resolve(v4_, kRemote);
  EXPECT_NE(path, net::kNoPath);
  port().unbind(v4_);
  EXPECT_EQ(port().resolve(v4_, kRemote), net::kNoPath);
  transmit(v4_, kRemote, {1});
  EXPECT_EQ(dropped(Drop::tx_error), 1U);
}

}  // namespace
}  // namespace penstock::port
