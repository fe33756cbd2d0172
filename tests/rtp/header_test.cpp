#include "dataplane/rtp/header.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::hex;
using stun::testing::to_hex;

// As Chromium sends Opus: no padding, no CSRC, a one-byte extension of two words.
constexpr auto kOpus = "906f1234 00012c00 0badcafe bede0002 10ff2233 31000130 48656c6c6f";

TEST(Header, EveryFieldOfAnOpusPacket) {
  const auto packet = hex(kOpus);
  const auto header = parse_header(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->payload_type, 111);
  EXPECT_FALSE(header->marker);
  EXPECT_FALSE(header->padding);
  EXPECT_EQ(header->sequence, SequenceNumber{0x1234});
  EXPECT_EQ(header->timestamp, Timestamp{0x12c00});
  EXPECT_EQ(header->ssrc, Ssrc{0x0badcafe});
  EXPECT_TRUE(header->extension);
  EXPECT_EQ(header->extension_profile, 0xbede);
  EXPECT_EQ(to_hex(header->extension_of(packet)), "10ff223331000130");
  EXPECT_EQ(header->header_bytes, 24);
  EXPECT_EQ(text_of(*payload_of(*header, packet)), "Hello");
}

TEST(Header, CsrcsAndMarker) {
  const auto packet = hex("82e00001 00000002 00000003 11111111 22222222 ab");
  const auto header = parse_header(packet);
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->marker);
  EXPECT_EQ(header->payload_type, 96);
  EXPECT_EQ(header->csrc_count, 2);
  EXPECT_FALSE(header->extension);
  EXPECT_EQ(header->header_bytes, 20);
  EXPECT_EQ(to_hex(*payload_of(*header, packet)), "ab");
}

TEST(Header, EmptyExtensionIsOne) {
  const auto header = parse_header(hex("90600001 00000002 00000003 bede0000"));
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->extension);
  EXPECT_EQ(header->extension_bytes, 0);
  EXPECT_EQ(header->header_bytes, 16);
}

TEST(Header, WhatIsNotRtpIsRefusedByName) {
  struct Row {
    const char* packet;
    HeaderError error;
  };
  for (const Row& row : {
           Row{"", HeaderError::truncated},
           Row{"80600001 00000002 000000", HeaderError::truncated},
           Row{"40600001 00000002 00000003", HeaderError::wrong_version},
           Row{"c0600001 00000002 00000003", HeaderError::wrong_version},
           Row{"81600001 00000002 00000003 000000", HeaderError::truncated},   // a CSRC that is not there
           Row{"90600001 00000002 00000003", HeaderError::extension_overrun},  // no extension header
           Row{"90600001 00000002 00000003 bede00", HeaderError::extension_overrun},
           Row{"90600001 00000002 00000003 bede0001 000000", HeaderError::extension_overrun},
           Row{"90600001 00000002 00000003 bedeffff 00000000", HeaderError::extension_overrun},
       }) {
    const auto header = parse_header(hex(row.packet));
    ASSERT_FALSE(header) << row.packet;
    EXPECT_EQ(header.error(), row.error) << row.packet << ": " << to_string(header.error());
  }
  EXPECT_EQ(parse_header(std::vector<std::uint8_t>(65536, 0x80)).error(), HeaderError::oversized);
}

TEST(Header, PaddingIsTakenOffAndLiesAreNot) {
  struct Row {
    const char* payload;
    const char* kept;  // nullptr: refused
  };
  for (const Row& row : {Row{"aabb 02 02", "aabb"}, Row{"01", ""},
                         Row{"000004"
                             "04",
                             ""},
                         Row{"aabb00", nullptr}, Row{"aa03", nullptr}, Row{"", nullptr}, Row{"ff", nullptr}}) {
    auto packet = hex("a0600001 00000002 00000003");
    const auto payload = hex(row.payload);
    packet.insert(packet.end(), payload.begin(), payload.end());
    const auto header = parse_header(packet);
    ASSERT_TRUE(header && header->padding);
    const auto kept = payload_of(*header, packet);
    ASSERT_EQ(kept.has_value(), row.kept != nullptr) << row.payload;
    if (kept) {
      EXPECT_EQ(to_hex(*kept), row.kept);
    }
  }
}

TEST(Header, PayloadOfACopyThatWasCutBelowTheHeader) {
  const auto packet = hex(kOpus);
  const auto header = parse_header(packet);
  EXPECT_FALSE(payload_of(*header, Bytes(packet).first(20)));
  EXPECT_TRUE(payload_of(*header, Bytes(packet).first(24))->empty());
}

TEST(Demultiplex, RtcpIsPayloadTypes64To95) {
  for (unsigned second = 0; second < 256; ++second) {
    const std::vector<std::uint8_t> datagram{0x80, static_cast<std::uint8_t>(second)};
    // RFC 5761 section 4: RTCP packet types 192 to 223, seen with or without the marker bit.
    const bool expected = (second >= 192 && second <= 223) || (second >= 64 && second <= 95);
    EXPECT_EQ(is_rtcp(datagram), expected) << second;
  }
  EXPECT_FALSE(is_rtcp(hex("80")));
}

TEST(Header, WhatIsWrittenReadsBack) {
  std::mt19937 random(7);
  for (int i = 0; i < 1000; ++i) {
    const FixedHeader in{Ssrc{static_cast<std::uint32_t>(random())},
                         {static_cast<std::uint32_t>(random())},
                         {static_cast<std::uint16_t>(random())},
                         static_cast<std::uint8_t>(random() % 128),
                         random() % 2 == 0};
    std::array<std::uint8_t, kFixedHeaderBytes> packet;
    packet.fill(0xff);
    write_fixed_header(packet, in);
    const auto out = parse_header(packet);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->ssrc, in.ssrc);
    EXPECT_EQ(out->timestamp, in.timestamp);
    EXPECT_EQ(out->sequence, in.sequence);
    EXPECT_EQ(out->payload_type, in.payload_type);
    EXPECT_EQ(out->marker, in.marker);
    EXPECT_EQ(out->header_bytes, kFixedHeaderBytes);
  }
}

}  // namespace
}  // namespace penstock::rtp
