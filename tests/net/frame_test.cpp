#include "dataplane/net/frame.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/net/frames.h"

namespace penstock::net {
namespace {

Endpoint endpoint(std::string_view text) {
  return parse_endpoint(text, 0).value();
}

void expect_endpoints(const Frame& f, std::string_view source, std::string_view destination) {
  EXPECT_EQ(to_string(f.source), source);
  EXPECT_EQ(to_string(f.destination), destination);
}

TEST(Frame, FindsAnIpv4Datagram) {
  const Frame f = parse_frame(ipv4_datagram());
  ASSERT_EQ(f.kind, FrameKind::datagram);
  expect_endpoints(f, "10.9.0.1:40000", "10.9.0.2:3478");
  EXPECT_FALSE(f.v6);
  EXPECT_TRUE(f.dont_fragment);
  EXPECT_EQ(f.tos, 0xb8);
  EXPECT_EQ(f.ttl, 64);
  EXPECT_EQ(f.vlan, kNoVlan);
  EXPECT_EQ(f.l3, 14);
  EXPECT_EQ(f.l4, 34);
  EXPECT_EQ(f.payload, 42);
  EXPECT_EQ(f.payload_size, 5);
  EXPECT_EQ(f.udp_checksum, word(0xfe16));
}

TEST(Frame, FindsAnIpv6Datagram) {
  FrameBytes frame = ipv6_datagram();
  store_be16(&frame[14], 0x6b8d);  // traffic class EF before the flow label
  const Frame f = parse_frame(frame);
  ASSERT_EQ(f.kind, FrameKind::datagram);
  expect_endpoints(f, "[fd09::1]:40000", "[fd09::2]:3478");
  EXPECT_TRUE(f.v6);
  EXPECT_EQ(f.tos, 0xb8);
  EXPECT_EQ(f.ttl, 64);
  EXPECT_EQ(f.l4, 54);
  EXPECT_EQ(f.payload, 62);
  EXPECT_EQ(f.payload_size, 6);
}

TEST(Frame, EqualEndpointsHaveEqualBytes) {
  const Frame v4 = parse_frame(ipv4_datagram());
  EXPECT_EQ(v4.source, endpoint("10.9.0.1:40000"));
  EXPECT_EQ(hash(v4.source, 7), hash(endpoint("10.9.0.1:40000"), 7));
  EXPECT_EQ(parse_frame(ipv6_datagram()).source, endpoint("[fd09::1]:40000"));
}

TEST(Frame, OneTagIsAVlanAndTagZeroIsNone) {
  const Frame f = parse_frame(tagged(ipv4_datagram(), 0xe02a));  // priority 7, VLAN 42
  EXPECT_EQ(f.kind, FrameKind::datagram);
  EXPECT_EQ(f.vlan, 42);
  EXPECT_EQ(f.l3, 18);
  EXPECT_EQ(f.payload, 46);
  EXPECT_EQ(parse_frame(tagged(ipv6_datagram(), 42)).kind, FrameKind::datagram);

  const Frame priority = parse_frame(tagged(ipv4_datagram(), 0xe000));
  EXPECT_EQ(priority.kind, FrameKind::datagram);
  EXPECT_EQ(priority.vlan, kNoVlan);

  EXPECT_EQ(parse_frame(tagged(tagged(ipv4_datagram(), 1), 2)).kind, FrameKind::other);
  EXPECT_EQ(parse_frame(tagged(tagged(ipv4_datagram(), 1), 2, 0x88a8)).kind, FrameKind::other);
}

TEST(Frame, PaddingIsNotPayload) {
  const Frame v4 = parse_frame(ipv4_datagram() + FrameBytes(13, 0xee));
  EXPECT_EQ(v4.kind, FrameKind::datagram);
  EXPECT_EQ(v4.payload_size, 5);
  FrameBytes slack = ipv4_datagram();  // and what IP has behind UDP's length neither
  slack[17] += 4;
  mend_ipv4(slack);
  EXPECT_EQ(parse_frame(slack + FrameBytes(4, 0xee)).payload_size, 5);
}

TEST(Frame, FragmentsAreSeenAsSuch) {
  const Frame first4 = parse_frame(ipv4_first_fragment());
  EXPECT_EQ(first4.kind, FrameKind::fragment);
  EXPECT_EQ(first4.payload, 34);
  EXPECT_EQ(first4.payload_size, 1480);
  const Frame last4 = parse_frame(ipv4_last_fragment() + FrameBytes(7, 0));
  EXPECT_EQ(last4.kind, FrameKind::fragment);
  EXPECT_EQ(last4.payload_size, 128);
  expect_endpoints(last4, "10.9.0.1:0", "10.9.0.2:0");

  const Frame first6 = parse_frame(ipv6_first_fragment());
  EXPECT_EQ(first6.kind, FrameKind::fragment);
  EXPECT_EQ(first6.l4, 54);
  EXPECT_EQ(first6.payload, 62);
  EXPECT_EQ(first6.payload_size, 1448);
  EXPECT_EQ(parse_frame(ipv6_last_fragment()).payload_size, 160);

  FrameBytes icmp = ipv4_last_fragment();
  icmp[23] = 1;
  mend_ipv4(icmp);
  EXPECT_EQ(parse_frame(icmp).kind, FrameKind::other) << "the kernel puts together its own";
}

TEST(Frame, Ipv6ExtensionHeadersAreWalked) {
  const auto kind = [](std::uint8_t protocol, std::string_view headers) {
    return parse_frame(with_extension(protocol, from_hex(headers), ipv6_datagram())).kind;
  };
  EXPECT_EQ(kind(0, "1100 050200000000"), FrameKind::datagram) << "hop by hop: router alert, padding";
  EXPECT_EQ(kind(60, "1100 010400000000"), FrameKind::datagram) << "destination options: padding";
  EXPECT_EQ(kind(60, "1100 000000000000"), FrameKind::datagram);
  EXPECT_EQ(kind(43, "1102 0000 00000000" + std::string(32, '0')), FrameKind::datagram) << "24 bytes of route";
  EXPECT_EQ(kind(43, "1102 0000 00000000"), FrameKind::malformed) << "longer than the packet";
  EXPECT_EQ(kind(43, "1100 0000 00000000"), FrameKind::datagram) << "a route travelled to its end";
  EXPECT_EQ(kind(43, "1100 0001 00000000"), FrameKind::other) << "a route with a stop left";
  EXPECT_EQ(kind(0, "3c00 010400000000 2b00 010400000000 1100 0000 00000000"), FrameKind::datagram);
  EXPECT_EQ(kind(44, "1100 0000 12345678"), FrameKind::datagram) << "atomic fragment, RFC 6946";
  EXPECT_EQ(kind(44, "0600 0001 12345678"), FrameKind::other) << "TCP in pieces";
  EXPECT_EQ(kind(60, "1100 c20400000000"), FrameKind::other) << "an option that must be known";
  EXPECT_EQ(kind(60, "1100 010500000000"), FrameKind::other) << "an option behind its header's end";
  EXPECT_EQ(kind(60, "1100 010300000001"), FrameKind::other) << "an option without its length";
  EXPECT_EQ(kind(51, "1104 0000 00000000"), FrameKind::other) << "authentication header";
  EXPECT_EQ(kind(50, "0000000100000001"), FrameKind::other) << "encrypted";
  EXPECT_EQ(kind(59, "0000000000000000"), FrameKind::other) << "no next header";

  std::string chain;
  for (int i = 0; i < 7; ++i) chain += "3c00010400000000";
  EXPECT_EQ(kind(60, chain + "1100010400000000"), FrameKind::other) << "more headers than anybody needs";
  chain.resize(chain.size() - 16);
  EXPECT_EQ(kind(60, chain + "1100010400000000"), FrameKind::datagram);
}

TEST(Frame, Ipv4OptionsAreAllowedButNoSourceRoutes) {
  const auto kind = [](std::string_view options) {
    FrameBytes frame = ipv4_datagram();
    const FrameBytes bytes = from_hex(options);
    frame.insert(frame.begin() + 34, bytes.begin(), bytes.end());
    frame[14] = static_cast<std::uint8_t>(0x45 + bytes.size() / 4);
    frame[17] = static_cast<std::uint8_t>(frame[17] + bytes.size());
    mend_ipv4(frame);
    return parse_frame(frame).kind;
  };
  EXPECT_EQ(kind("94040000"), FrameKind::datagram) << "router alert";
  EXPECT_EQ(kind("01010100"), FrameKind::datagram);
  EXPECT_EQ(kind("00000089"), FrameKind::datagram) << "nothing counts behind the end of the list";
  EXPECT_EQ(kind("0183030400000000"), FrameKind::malformed) << "loose source route";
  EXPECT_EQ(kind("8907040a00000100"), FrameKind::malformed) << "strict source route";
  EXPECT_EQ(kind("94080000"), FrameKind::malformed) << "option longer than the header";
  EXPECT_EQ(kind("94000000"), FrameKind::malformed);
  EXPECT_EQ(kind("94010000"), FrameKind::malformed);
  EXPECT_EQ(kind("01010194"), FrameKind::malformed);
}

TEST(Frame, WhatIsNotUdpIsTheKernels) {
  EXPECT_EQ(parse_frame({}).kind, FrameKind::other);
  EXPECT_EQ(parse_frame(FrameBytes(13)).kind, FrameKind::other);
  EXPECT_EQ(parse_frame(from_hex("ffffffffffff02000000000a08060001080006040001")).kind, FrameKind::other) << "ARP";
  EXPECT_EQ(parse_frame(tagged(FrameBytes(12, 2), 42)).kind, FrameKind::other) << "a tag and nothing more";
  EXPECT_EQ(parse_frame(FrameBytes(65536, 8)).kind, FrameKind::other);
  for (const int protocol : {2, 6, 47, 50, 132}) {
    FrameBytes frame = ipv4_datagram();
    frame[23] = static_cast<std::uint8_t>(protocol);
    mend_ipv4(frame);
    EXPECT_EQ(parse_frame(frame).kind, FrameKind::other) << protocol;
    frame = ipv6_datagram();
    frame[20] = static_cast<std::uint8_t>(protocol);
    EXPECT_EQ(parse_frame(frame).kind, FrameKind::other) << protocol;
  }
}

struct Bend {
  const char* what;
  FrameBytes (*frame)();
  std::size_t at;
  const char* bytes;
  FrameKind kind = FrameKind::malformed;
};

TEST(Frame, BrokenHeadersAreMalformed) {
  constexpr std::size_t kSource4 = 26;
  constexpr std::size_t kTarget4 = 30;
  constexpr std::size_t kSource6 = 22;
  constexpr std::size_t kTarget6 = 38;
  const Bend table[] = {
      {"IPv4 version", ipv4_datagram, 14, "65"},
      {"IPv4 header of 16 bytes", ipv4_datagram, 14, "44"},
      {"IPv4 header longer than the packet", ipv4_datagram, 14, "4f"},
      {"IPv4 length below the header's", ipv4_datagram, 16, "0013"},
      {"IPv4 length beyond the frame", ipv4_datagram, 16, "0022"},
      {"IPv4 without room for UDP", ipv4_datagram, 16, "001b"},
      {"UDP length below 8", ipv4_datagram, 38, "0007"},
      {"UDP length beyond IP's", ipv4_datagram, 38, "000e"},
      {"UDP length 0", ipv4_datagram, 38, "0000"},
      {"from this network", ipv4_datagram, kSource4, "00000001"},
      {"from 0.0.0.0", ipv4_datagram, kSource4, "00000000"},
      {"from 0.0.0.0 to everybody: DHCP", ipv4_datagram, kSource4, "00000000ffffffff", FrameKind::other},
      {"from loopback", ipv4_datagram, kSource4, "7f000001"},
      {"from multicast", ipv4_datagram, kSource4, "e0000001"},
      {"from broadcast", ipv4_datagram, kSource4, "ffffffff"},
      {"to multicast", ipv4_datagram, kTarget4, "e00000fb", FrameKind::datagram},
      {"fragment from loopback", ipv4_last_fragment, kSource4, "7f000001"},
      {"IPv6 version", ipv6_datagram, 14, "40"},
      {"IPv6 length beyond the frame", ipv6_datagram, 18, "000f"},
      {"IPv6 without room for UDP", ipv6_datagram, 18, "0007"},
      {"IPv6 UDP length 0", ipv6_datagram, 58, "0000"},
      {"IPv6 UDP without checksum", ipv6_datagram, 60, "0000"},
      {"from ::", ipv6_datagram, kSource6, "00000000000000000000000000000000"},
      {"from :: but not UDP: discovery", ipv6_datagram, 20, "3a4000000000000000000000000000000000", FrameKind::other},
      {"from ::1", ipv6_datagram, kSource6, "00000000000000000000000000000001"},
      {"from multicast", ipv6_datagram, kSource6, "ff020000000000000000000000000001"},
      {"from a mapped address", ipv6_datagram, kSource6, "00000000000000000000ffff0a090001"},
      {"to a mapped address", ipv6_datagram, kTarget6, "00000000000000000000ffff0a090001"},
      {"from ::2", ipv6_datagram, kSource6, "00000000000000000000000000000002", FrameKind::datagram},
      {"IPv6 extension behind the end", ipv6_datagram, 20, "3c", FrameKind::malformed},
  };
  for (const Bend& bend : table) {
    FrameBytes frame = bend.frame();
    const FrameBytes bytes = from_hex(bend.bytes);
    std::copy(bytes.begin(), bytes.end(), frame.begin() + static_cast<std::ptrdiff_t>(bend.at));
    const bool v4 = frame[12] == 8 && frame[14] != 0x4f;
    if (v4) mend_ipv4(frame);
    EXPECT_EQ(parse_frame(frame).kind, bend.kind) << bend.what;
  }
}

TEST(Frame, AWrongHeaderChecksumIsBelievedOnlyToTheDevice) {
  FrameBytes frame = ipv4_datagram();
  frame[24] ^= 1;
  EXPECT_EQ(parse_frame(frame).kind, FrameKind::malformed);
  EXPECT_EQ(parse_frame(frame, true).kind, FrameKind::datagram);
}

TEST(Frame, CutAnywhereItIsNeverADatagram) {
  for (const FrameBytes& whole : {ipv4_datagram(), ipv6_datagram(), tagged(ipv6_datagram(), 42)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const FrameBytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const FrameKind kind = parse_frame(cut).kind;
      EXPECT_TRUE(kind == FrameKind::other || kind == FrameKind::malformed) << size;
    }
  }
}

TEST(Frame, PayloadSumsAreVerifiedOrImplied) {
  for (const FrameBytes& frame : {ipv4_datagram(), ipv6_datagram(), tagged(ipv4_datagram(), 42)}) {
    const Frame f = parse_frame(frame);
    const std::uint16_t sum = fold(ones_sum({frame.data() + f.payload, f.payload_size}));
    EXPECT_EQ(verified_payload_sum(frame, f), sum);
    EXPECT_EQ(implied_payload_sum(f), sum);
    for (std::size_t at = f.l4; at < frame.size(); ++at) {
      FrameBytes damaged = frame;
      damaged[at] ^= 0x10;
      const Frame d = parse_frame(damaged);
      EXPECT_TRUE(d.kind == FrameKind::malformed || !verified_payload_sum(damaged, d)) << at;
    }
  }
}

TEST(Frame, WithoutAChecksumThePayloadIsTakenAsItIs) {
  FrameBytes frame = ipv4_datagram();
  store_be16(&frame[40], 0);
  const Frame f = parse_frame(frame);
  EXPECT_EQ(verified_payload_sum(frame, f), fold(ones_sum({frame.data() + f.payload, f.payload_size})));
}

}  // namespace
}  // namespace penstock::net
