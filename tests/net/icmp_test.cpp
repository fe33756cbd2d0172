#include "dataplane/net/icmp.h"

#include <gtest/gtest.h>

#include "tests/net/frames.h"

namespace penstock::net {
namespace {

// Makes the checksum of an untagged frame's ICMP message right again.
void mend_icmp(FrameBytes& frame) {
  const bool v6 = frame[12] == 0x86;
  const std::size_t at = v6 ? 54 : 34;
  std::memset(&frame[at + 2], 0, 2);
  std::uint32_t sum = 0;
  if (v6) {
    Address source;
    Address destination;
    std::memcpy(source.bytes.data(), &frame[22], 16);
    std::memcpy(destination.bytes.data(), &frame[38], 16);
    sum = pseudo_header_sum(source, destination, 58, static_cast<std::uint16_t>(frame.size() - at));
  }
  const std::uint16_t checksum = complement(ones_sum({&frame[at], frame.size() - at}, sum));
  std::memcpy(&frame[at + 2], &checksum, 2);
}

struct Case {
  const char* what;
  FrameBytes frame;
  const char* source;
  const char* destination;
  unsigned type, code, data;
};

TEST(Icmp, AnErrorBelongsToWhoSentTheQuotedDatagram) {
  const Case table[] = {
      {"port unreachable", icmp_port_unreachable(), "10.9.0.2:50000", "10.9.0.1:9", 3, 3, 0},
      {"fragmentation needed", icmp_fragmentation_needed(), "10.9.0.2:50000", "10.10.0.2:9", 3, 4, 1300},
      {"IPv6 port unreachable", icmpv6_port_unreachable(), "[fd09::2]:50000", "[fd09::1]:9", 1, 4, 0},
      {"packet too big", icmpv6_packet_too_big(), "[fd09::2]:50000", "[fd10::2]:9", 2, 0, 1300},
      {"tagged", tagged(icmp_port_unreachable(), 42), "10.9.0.2:50000", "10.9.0.1:9", 3, 3, 0},
  };
  for (const Case& c : table) {
    const Frame f = parse_frame(c.frame);
    ASSERT_EQ(f.kind, FrameKind::icmp_error) << c.what;
    EXPECT_EQ(to_string(f.source), c.source) << c.what;
    EXPECT_EQ(to_string(f.destination), c.destination) << c.what;
    EXPECT_EQ(f.icmp_type, c.type) << c.what;
    EXPECT_EQ(f.icmp_code, c.code) << c.what;
    EXPECT_EQ(f.icmp_data, c.data) << c.what;
    EXPECT_EQ(std::size_t{f.payload} + f.payload_size, c.frame.size()) << c.what;
  }
}

struct Bend {
  const char* what;
  FrameBytes (*frame)();
  std::size_t at;
  const char* bytes;
  FrameKind kind;
};

TEST(Icmp, WhatIsNotAnErrorAboutUdpIsTheKernels) {
  constexpr std::size_t kQuoted4 = 42;
  constexpr std::size_t kQuoted6 = 62;
  const Bend table[] = {
      {"time exceeded", icmp_port_unreachable, 34, "0b01", FrameKind::icmp_error},
      {"parameter problem", icmp_port_unreachable, 34, "0c00", FrameKind::icmp_error},
      {"echo", icmp_port_unreachable, 34, "0800", FrameKind::other},
      {"redirect", icmp_port_unreachable, 34, "0501", FrameKind::other},
      {"source quench", icmp_port_unreachable, 34, "0400", FrameKind::other},
      {"about TCP", icmp_port_unreachable, kQuoted4 + 9, "06", FrameKind::other},
      {"about a first fragment", icmp_port_unreachable, kQuoted4 + 6, "2000", FrameKind::icmp_error},
      {"about a later fragment", icmp_port_unreachable, kQuoted4 + 6, "2001", FrameKind::other},
      {"about IPv6 in IPv4", icmp_port_unreachable, kQuoted4, "65", FrameKind::other},
      {"about a header of 16 bytes", icmp_port_unreachable, kQuoted4, "44", FrameKind::other},
      {"about a header of 60 bytes", icmp_port_unreachable, kQuoted4, "4f", FrameKind::other},
      {"IPv6 time exceeded", icmpv6_port_unreachable, 54, "0300", FrameKind::icmp_error},
      {"IPv6 parameter problem", icmpv6_port_unreachable, 54, "0401", FrameKind::icmp_error},
      {"IPv6 echo", icmpv6_port_unreachable, 54, "8000", FrameKind::other},
      {"neighbour solicitation", icmpv6_port_unreachable, 54, "8700", FrameKind::other},
      {"about IPv6 TCP", icmpv6_port_unreachable, kQuoted6 + 6, "06", FrameKind::other},
      {"about no IPv6", icmpv6_port_unreachable, kQuoted6, "45", FrameKind::other},
      {"about a mapped address", icmpv6_port_unreachable, kQuoted6 + 8, "00000000000000000000ffff0a090001",
       FrameKind::malformed},
  };
  for (const Bend& bend : table) {
    FrameBytes frame = bend.frame();
    const FrameBytes bytes = from_hex(bend.bytes);
    std::copy(bytes.begin(), bytes.end(), frame.begin() + static_cast<std::ptrdiff_t>(bend.at));
    mend_icmp(frame);
    EXPECT_EQ(parse_frame(frame).kind, bend.kind) << bend.what;
  }
}

TEST(Icmp, AQuotedIpv6FragmentIsReadWhenItIsTheFirst) {
  const auto kind = [](std::string_view fragment_header) {
    FrameBytes frame = icmpv6_port_unreachable();
    const FrameBytes header = from_hex(fragment_header);
    frame[62 + 6] = 44;
    frame.insert(frame.begin() + 62 + 40, header.begin(), header.end());
    store_be16(&frame[18], static_cast<std::uint16_t>(load_be16(&frame[18]) + header.size()));
    mend_icmp(frame);
    return parse_frame(frame).kind;
  };
  EXPECT_EQ(kind("1100000112345678"), FrameKind::icmp_error);
  EXPECT_EQ(kind("1100000912345678"), FrameKind::other);
  EXPECT_EQ(kind("0600000112345678"), FrameKind::other);
}

TEST(Icmp, ADamagedMessageIsMalformed) {
  for (FrameBytes frame : {icmp_port_unreachable(), icmpv6_port_unreachable()}) {
    frame.back() ^= 1;
    EXPECT_EQ(parse_frame(frame).kind, FrameKind::malformed);
  }
}

TEST(Icmp, TheQuoteMustReachThePorts) {
  // Cut behind the quoted UDP header it is an error, one byte earlier nobody can tell whose.
  for (const std::size_t missing : {6U, 7U}) {
    FrameBytes frame = icmp_port_unreachable();
    for (unsigned i = 0; i < missing; ++i) frame.pop_back();
    frame[17] = static_cast<std::uint8_t>(frame[17] - missing);
    mend_ipv4(frame);
    mend_icmp(frame);
    EXPECT_EQ(parse_frame(frame).kind, missing == 6 ? FrameKind::icmp_error : FrameKind::other);
  }
}

}  // namespace
}  // namespace penstock::net
