// What becomes of frames that arrive at a DPDK port.

#include <gmock/gmock.h>

#include "tests/port/dpdk_wire.h"

namespace penstock::port {
namespace {

using net::Drop;
using ::testing::SizeIs;

class DpdkReceiveTest : public DpdkWireTest {
 protected:
  std::uint64_t received() { return port().counters().received_packets.get(); }
  std::uint64_t punted(PuntClass c) { return host_->mirror().exception_path(0)->punted(c); }
};

const FrameBytes kWords = net::counting(1, 101);

TEST_F(DpdkReceiveTest, DatagramsOfBothFamiliesAreDelivered) {
  start();
  const net::LocalId v4 = bind({kOurV4, 3478}), v6 = bind({kOurV6, 3478});
  for (const std::uint16_t vlan : {net::kNoVlan, std::uint16_t{7}}) {
    inject(datagram_frame(kRemote, {kOurV4, 3478}, kWords, vlan));
    inject(datagram_frame(kRemoteV6, {kOurV6, 3478}, kWords, vlan));
  }
  pass();
  const auto all = take_delivered();
  ASSERT_THAT(all, SizeIs(4));
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].payload, kWords);
    EXPECT_EQ(all[i].remote, i % 2 == 0 ? kRemote : kRemoteV6);
    EXPECT_EQ(all[i].local, i % 2 == 0 ? v4 : v6);
    EXPECT_EQ(all[i].tos, 0xb8);
    EXPECT_EQ(all[i].sum, net::fold(net::ones_sum(kWords)));
  }
  EXPECT_EQ(port().counters().received_bytes.get(), 4 * kWords.size());
}

TEST_F(DpdkReceiveTest, EthernetsPaddingIsNotPayload) {
  start();
  bind({kOurV4, 3478});
  inject(datagram_frame(kRemote, {kOurV4, 3478}, {1, 2, 3}) + FrameBytes(15, 0xee));
  inject(datagram_frame(kRemote, {kOurV4, 3478}, {}));
  pass();
  const auto all = take_delivered();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].payload, (FrameBytes{1, 2, 3}));
  EXPECT_EQ(all[1].payload, FrameBytes{});
}

TEST_F(DpdkReceiveTest, ChecksumsAreWhatTheDeviceOrTheSoftwareFound) {
  struct Case {
    const char* what;
    bool damaged;   ///< a byte of the payload
    bool unsummed;  ///< the checksum field is 0
    std::uint64_t flags;
    bool delivered;
  };
  const Case cases[] = {
      {"good, device silent", false, false, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, true},
      {"good, device agrees", false, false, RTE_MBUF_F_RX_L4_CKSUM_GOOD, true},
      {"damaged, device silent", true, false, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, false},
      {"damaged, device noticed", true, false, RTE_MBUF_F_RX_L4_CKSUM_BAD, false},
      {"good, device is wrong", false, false, RTE_MBUF_F_RX_L4_CKSUM_BAD, true},
      {"none made", false, true, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, true},
      {"none made, device content", false, true, RTE_MBUF_F_RX_L4_CKSUM_GOOD, true},
      {"unfinished, data good", true, false, RTE_MBUF_F_RX_L4_CKSUM_NONE, true},
  };
  start();
  bind({kOurV4, 3478});
  std::uint64_t bad = 0;
  for (const Case& c : cases) {
    FrameBytes frame = datagram_frame(kRemote, {kOurV4, 3478}, kWords);
    if (c.damaged) frame[60] ^= 0x55;
    if (c.unsummed) frame[40] = frame[41] = 0;
    inject(frame, c.flags | RTE_MBUF_F_RX_IP_CKSUM_GOOD);
    pass();
    const auto all = take_delivered();
    ASSERT_THAT(all, SizeIs(c.delivered ? 1 : 0)) << c.what;
    if (c.delivered) {
      EXPECT_EQ(all[0].sum, net::fold(net::ones_sum(all[0].payload))) << c.what;
    }
    bad += c.delivered ? 0 : 1;
    EXPECT_EQ(dropped(Drop::rx_bad_checksum), bad) << c.what;
  }
}

TEST_F(DpdkReceiveTest, AnIpv6DatagramNeedsAChecksum) {
  start();
  bind({kOurV6, 3478});
  FrameBytes frame = datagram_frame(kRemoteV6, {kOurV6, 3478}, kWords);
  frame[60] = frame[61] = 0;
  inject(frame);
  pass();
  EXPECT_THAT(take_delivered(), SizeIs(0));
  EXPECT_EQ(received(), dropped(Drop::rx_malformed) + dropped(Drop::rx_bad_checksum));
  EXPECT_EQ(received(), 1U);
}

TEST_F(DpdkReceiveTest, BrokenAndScatteredFramesAreDroppedByName) {
  start();
  bind({kOurV4, 3478});
  FrameBytes broken = datagram_frame(kRemote, {kOurV4, 3478}, kWords);
  broken[25] ^= 1;  // IP header checksum
  inject(broken);
  net::Packet* scattered = arriving(datagram_frame(kRemote, {kOurV4, 3478}, kWords));
  ASSERT_EQ(rte_pktmbuf_chain(scattered, arriving(kWords)), 0);
  inject(scattered);
  pass();
  EXPECT_EQ(dropped(Drop::rx_malformed), 1U);
  EXPECT_EQ(dropped(Drop::rx_truncated), 1U);
  EXPECT_EQ(received(), 2U);
}

TEST_F(DpdkReceiveTest, WhatIsNotOursIsTheKernels) {
  start();
  const net::LocalId id = bind({kOurV4, 3478});
  const auto reserved = port().reserve({kOurV4, 3480}, {});
  ASSERT_TRUE(reserved);
  inject(datagram_frame(kRemote, {kOurV4, 3479}, kWords));
  inject(datagram_frame(kRemote, {kOurV4, 3480}, kWords));                            // reserved is not received on
  inject(datagram_frame(kRemote, {*net::parse_address("192.0.2.9"), 3478}, kWords));  // not an address of ours
  inject(datagram_frame(kRemoteV6, {kOurV6, 3478}, kWords));                          // the other family's port
  pass();
  EXPECT_EQ(punted(PuntClass::datagram), 4U);
  port().discard(*reserved);
  port().unbind(id);
  inject(datagram_frame(kRemote, {kOurV4, 3478}, kWords));
  pass();
  EXPECT_EQ(punted(PuntClass::datagram), 5U);
  EXPECT_THAT(take_delivered(), SizeIs(0));
  EXPECT_EQ(received(), 0U) << "the kernel's packets are not in our balance";
}

TEST_F(DpdkReceiveTest, TheKernelAnswersArpOnTheWire) {
  start();
  const FrameBytes request =
      net::from_hex("ffffffffffff 02000000000a 0806 0001080006040001 02000000000a c0000202 000000000000 c0000201");
  inject(request);
  EXPECT_TRUE(eventually([&] {
    pass();
    left();
    return std::ranges::any_of(of_kernel_, [](const FrameBytes& f) { return f[12] == 8 && f[13] == 6 && f[21] == 2; });
  }));
  EXPECT_EQ(punted(PuntClass::neighbour), 1U);
}

TEST_F(DpdkReceiveTest, IcmpErrorsReachWhoSentThePacket) {
  start();
  const net::LocalId asks = bind({kOurV4, 50000}, 0, {.icmp_errors = true});
  const net::LocalId silent = bind({kOurV4, 50001});
  ASSERT_NE(asks, silent);
  // Type 3, code 3, quoting 192.0.2.1:PORT -> 192.0.2.2:9.
  const auto unreachable = [](std::uint16_t port) {
    FrameBytes ip = net::from_hex("45000032000000004001 0000 c0000202c0000201");
    FrameBytes icmp = net::from_hex("0303 0000 00000000 4500001e000000004011 0000 c0000201c0000202") +
                      FrameBytes{static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port)} +
                      net::from_hex("0009000a0000 4142");
    net::FrameBytes frame = net::from_hex("02000000000b02000000000a0800") + ip + icmp;
    net::store_be16(&frame[16], static_cast<std::uint16_t>(frame.size() - 14));
    net::mend_ipv4(frame);
    const std::uint16_t sum = net::complement(net::ones_sum({&frame[34], frame.size() - 34}));
    std::memcpy(&frame[36], &sum, 2);
    return frame;
  };
  inject(unreachable(50000));
  inject(unreachable(50001));
  inject(unreachable(50002));  // somebody's else
  pass();
  std::array<IcmpError, 4> errors;
  ASSERT_EQ(port().take_icmp_errors(errors), 1U);
  EXPECT_EQ(errors[0].local, asks);
  EXPECT_EQ(errors[0].remote, (net::Endpoint{kRemote.address, 9}));
  EXPECT_EQ(errors[0].type, 3);
  EXPECT_EQ(errors[0].code, 3);
  EXPECT_EQ(punted(PuntClass::icmp), 1U);
  EXPECT_EQ(received(), 0U);
}

TEST_F(DpdkReceiveTest, FragmentsArriveWhole) {
  start();
  const FrameBytes words = net::counting(0, 4000);
  for (const bool v6 : {false, true}) {
    const net::Endpoint here{v6 ? kOurV6 : kOurV4, 3478};
    const net::LocalId id = bind(here);
    net::Packet* whole = pool_->allocate();
    // A packet of the pool is too small for 4,000 bytes: a larger one of its own.
    net::free(whole);
    auto big = net::PacketPool::create(v6 ? "big-v6" : "big-v4", 3, 9216, 0);
    ASSERT_TRUE(big);
    net::Packet* p = big->allocate();
    const FrameBytes frame = datagram_frame(v6 ? kRemoteV6 : kRemote, here, words);
    std::memcpy(rte_pktmbuf_append(p, static_cast<std::uint16_t>(frame.size())), frame.data(), frame.size());
    std::array<net::Packet*, 8> pieces;
    const auto n = fragment(p, 1500, 99, *pool_, pieces);
    net::free(p);
    ASSERT_TRUE(n);
    ASSERT_EQ(*n, 3U);
    for (const std::size_t i : {2, 0, 1}) inject(pieces[i]);
    pass();
    const auto all = take_delivered();
    ASSERT_THAT(all, SizeIs(1)) << (v6 ? "IPv6" : "IPv4");
    EXPECT_EQ(all[0].payload, words);
    EXPECT_EQ(all[0].local, id);
    EXPECT_EQ(all[0].tos, 0xb8);
  }
  EXPECT_EQ(port().counters().fragments.get(), 6U);
  EXPECT_EQ(port().counters().reassembled.get(), 2U);
}

TEST_F(DpdkReceiveTest, ADatagramThatIsNeverWholeIsOneDrop) {
  start();
  bind({kOurV4, 3478});
  FrameBytes first = net::ipv4_first_fragment();
  std::memcpy(&first[30], net::from_hex("c0000201").data(), 4);
  net::mend_ipv4(first);
  inject(first);
  inject(first);
  pass();
  EXPECT_EQ(port().counters().in_pieces.get(), 1U);
  EXPECT_TRUE(eventually([&] {
    pass();
    return dropped(Drop::fragment_timeout) == 1;
  }));
  EXPECT_EQ(received(), 1U);
  EXPECT_EQ(port().counters().in_pieces.get(), 0U);
}

TEST_F(DpdkReceiveTest, WhatAPassCannotTakeWaitsForTheNext) {
  start();
  bind({kOurV4, 3478});
  for (unsigned i = 0; i < 600; ++i) inject(datagram_frame(kRemote, {kOurV4, 3478}, kWords));
  pass();
  EXPECT_GE(received(), 64U);
  EXPECT_LE(received(), net::kBurstCapacity);
  for (unsigned i = 0; i < 600 / 64; ++i) pass();
  EXPECT_EQ(received(), 600U);
}

// The engine drops it as no_flow.
TEST_F(DpdkReceiveTest, WhoHasNoPartInASharedEndpointHasNoIdForIt) {
  start({.workers = 2, .queues = 2});
  const net::LocalId first = bind({kOurV4, 3478}, 0, {.shared = true});
  const auto arrive = [this] {
    for (std::uint16_t source = 1; source <= 32; ++source) {
      inject(datagram_frame({kRemote.address, source}, {kOurV4, 3478}, kWords), 0, source % 2);
    }
    pass();
    pass();
    return take_delivered();
  };
  for (const Delivered& d : arrive()) EXPECT_EQ(d.local, d.worker == 0 ? first : net::kNoLocal);
  const net::LocalId second = bind({kOurV4, 3478}, 1, {.shared = true});
  for (const Delivered& d : arrive()) EXPECT_EQ(d.local, d.worker == 0 ? first : second);
  port(0).unbind(first);
  for (const Delivered& d : arrive()) EXPECT_EQ(d.local, d.worker == 0 ? net::kNoLocal : second);
}

}  // namespace
}  // namespace penstock::port
