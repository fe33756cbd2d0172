#include "dataplane/net/frame_headers.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/net/frames.h"

namespace penstock::net {
namespace {

constexpr MacAddress kMacA = {2, 0, 0, 0, 0, 0x0a};
constexpr MacAddress kMacB = {2, 0, 0, 0, 0, 0x0b};

Endpoint endpoint(std::string_view text) {
  return parse_endpoint(text, 0).value();
}

// The whole frame for `payload`, with a complete checksum.
FrameBytes written(const LinkHeader& link, DatagramHeader h, const FrameBytes& payload) {
  const bool tagged = link.vlan != kNoVlan;
  const std::size_t headers = headers_size(!h.destination.address.is_v4(), tagged);
  FrameBytes frame = FrameBytes(headers, 0xee) + payload;
  h.payload_size = static_cast<std::uint16_t>(payload.size());
  h.udp_checksum = full_udp_checksum(h, fold(ones_sum(payload)));
  EXPECT_EQ(write_headers(frame.data() + headers, link, h), frame.data());
  return frame;
}

TEST(FrameHeaders, AreByteForByteWhatLinuxSends) {
  const Endpoint a4 = endpoint("10.9.0.1:40000");
  const Endpoint b4 = endpoint("10.9.0.2:3478");
  const DatagramHeader v4{.source = a4, .destination = b4, .payload_size = 0, .ip_id = 0xa0e5, .tos = 0xb8};
  EXPECT_EQ(written({kMacB, kMacA}, v4, from_hex("68656c6c6f")), ipv4_datagram());
  EXPECT_EQ(written({kMacB, kMacA, 42}, v4, from_hex("68656c6c6f")), tagged(ipv4_datagram(), 42));

  const Endpoint a6 = endpoint("[fd09::1]:40000");
  const Endpoint b6 = endpoint("[fd09::2]:3478");
  FrameBytes linux6 = ipv6_datagram();
  std::memset(&linux6[15], 0, 3);  // its flow label, which we leave 0
  const DatagramHeader v6{.source = a6, .destination = b6, .payload_size = 0};
  EXPECT_EQ(written({kMacB, kMacA}, v6, from_hex("68656c6c6f21")), linux6);
}

TEST(FrameHeaders, WhatIsWrittenIsReadBack) {
  const Endpoint hosts[2][2] = {{endpoint("192.0.2.1:1"), endpoint("255.254.253.252:65535")},
                                {endpoint("[fe80::1]:65535"), endpoint("[ffff:ffff::ffff]:2")}};
  for (const auto& [source, destination] : hosts) {
    for (const std::uint16_t vlan : {kNoVlan, std::uint16_t{1}, std::uint16_t{4094}}) {
      for (const std::size_t size : {0, 1, 2, 3, 31, 64, 1200, 1473, 8999}) {
        for (const int fill : {0, 0xff, -1}) {
          const FrameBytes payload =
              fill < 0 ? counting(size, size) : FrameBytes(size, static_cast<std::uint8_t>(fill));
          const DatagramHeader h{.source = source,
                                 .destination = destination,
                                 .payload_size = 0,
                                 .ip_id = 0xfffe,
                                 .tos = 0x2e,
                                 .ttl = 7,
                                 .dont_fragment = false};
          const FrameBytes frame = written({kMacB, kMacA, vlan}, h, payload);
          const Frame f = parse_frame(frame);
          ASSERT_EQ(f.kind, FrameKind::datagram);
          EXPECT_EQ(f.source, source);
          EXPECT_EQ(f.destination, destination);
          EXPECT_EQ(f.vlan, vlan);
          EXPECT_EQ(f.payload_size, size);
          EXPECT_EQ(f.tos, 0x2e);
          EXPECT_EQ(f.ttl, 7);
          EXPECT_FALSE(f.dont_fragment);
          EXPECT_NE(f.udp_checksum, 0);
          const std::optional<std::uint16_t> sum = verified_payload_sum(frame, f);
          ASSERT_TRUE(sum);
          EXPECT_EQ(without(*sum, implied_payload_sum(f)) % 0xffff, 0) << "0 and 0xffff are both zero";
        }
      }
    }
  }
}

TEST(FrameHeaders, AnOffloadedChecksumIsCompletedByAddingTheRest) {
  // What a device does: sum from the UDP header to the end, with the pseudo-header's sum standing in the field.
  const Endpoint source = endpoint("[2001:db8::1]:1234");
  const Endpoint destination = endpoint("[2001:db8::2]:3478");
  const FrameBytes payload = counting(3, 777);
  DatagramHeader h{.source = source, .destination = destination, .payload_size = 777};
  h.udp_checksum = offloaded_udp_checksum(h);
  const std::size_t headers = headers_size(true, false);
  FrameBytes frame = FrameBytes(headers) + payload;
  write_headers(frame.data() + headers, {kMacB, kMacA}, h);
  const std::uint16_t finished = udp_complement(ones_sum({frame.data() + headers - 8, payload.size() + 8}));
  EXPECT_EQ(finished, full_udp_checksum(h, fold(ones_sum(payload))));
}

}  // namespace
}  // namespace penstock::net
