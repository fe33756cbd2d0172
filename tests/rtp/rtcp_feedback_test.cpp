#include "dataplane/rtp/rtcp_feedback.h"

#include <gtest/gtest.h>

#include "tests/rtp/only_packet.h"
#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::hex;
using testing::only_packet;

std::vector<std::uint16_t> lost_in(const Nack& message) {
  std::vector<std::uint16_t> lost;
  message.for_each([&](SequenceNumber sequence) { lost.push_back(sequence.value); });
  return lost;
}

TEST(Nack, FirstAndBitMaskOfEachItem) {
  const auto datagram = hex("81cd0004 00000001 00000002 fffe8005 00640000");
  const auto message = nack(only_packet(datagram));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->sender, Ssrc{1});
  EXPECT_EQ(message->media, Ssrc{2});
  EXPECT_EQ(lost_in(*message), (std::vector<std::uint16_t>{65534, 65535, 1, 14, 100})) << "across the wrap";
}

TEST(PictureLoss, NamesTheMedia) {
  const auto datagram = hex("81ce0002 00000001 00000002");
  const auto message = picture_loss(only_packet(datagram));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->sender, Ssrc{1});
  EXPECT_EQ(message->media, Ssrc{2});
}

TEST(FullIntraRequest, NamesEachMediaWithItsNumber) {
  const auto datagram = hex("84ce0006 00000001 00000000 0000000a 07000000 0000000b 08000000");
  const auto message = full_intra_request(only_packet(datagram));
  ASSERT_TRUE(message);
  ASSERT_EQ(message->items.size(), 2u);
  EXPECT_EQ(message->items[0], (FullIntraItem{Ssrc{10}, 7}));
  EXPECT_EQ(message->items[1], (FullIntraItem{Ssrc{11}, 8}));
}

TEST(MaximumBitrate, MantissaAndExponent) {
  // As libwebrtc's tests have it: 3 << 16 | 0xfc42 mantissa bits, three SSRCs.
  const auto datagram = hex("8fce0007 12345678 00000000 52454d42 0307fb93 23456789 2345678a 2345678b");
  const auto message = maximum_bitrate(only_packet(datagram));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->sender, Ssrc{0x12345678});
  EXPECT_EQ(message->bitrate_bps, 0x3fb93u * 2);
  ASSERT_EQ(message->media.size(), 3u);
  EXPECT_EQ(message->media[2], Ssrc{0x2345678b});
}

TEST(MaximumBitrate, LargeExponentsSaturate) {
  struct Row {
    const char* rate;
    std::uint64_t bps;
  };
  for (const Row& row : {Row{"000000", 0}, Row{"000001", 1}, Row{"fc0000", 0}, Row{"fc0001", std::uint64_t{1} << 63},
                         Row{"fc0002", UINT64_MAX}, Row{"bbffff", std::uint64_t{0x3ffff} << 46},
                         Row{"bfffff", UINT64_MAX}, Row{"ffffff", UINT64_MAX}}) {
    const auto datagram = hex(std::string("8fce0004 00000001 00000000 52454d42 00") + row.rate);
    const auto message = maximum_bitrate(only_packet(datagram));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->bitrate_bps, row.bps) << row.rate;
  }
}

TEST(Feedback, WhatIsTooShortIsRefused) {
  struct Row {
    const char* datagram;
    const char* what;
  };
  for (const Row& row : {
           Row{"81cd0002 00000001 00000002", "a NACK without items"},
           Row{"81cd0000", "a NACK without anything"},
           Row{"81ce0001 00000001", "a PLI without media"},
           Row{"84ce0003 00000001 00000000 0000000a", "half a FIR item"},
           Row{"8fce0003 00000001 00000000 52454d42", "REMB without a rate"},
           Row{"8fce0004 00000001 00000000 52454d42 01000001", "REMB without its SSRC"},
           Row{"8fce0004 00000001 00000000 52454d43 00000001", "not REMB"},
       }) {
    const auto bytes = hex(row.datagram);
    const RtcpPacket packet = only_packet(bytes);
    EXPECT_FALSE(nack(packet)) << row.what;
    EXPECT_FALSE(picture_loss(packet)) << row.what;
    EXPECT_FALSE(full_intra_request(packet)) << row.what;
    EXPECT_FALSE(maximum_bitrate(packet)) << row.what;
  }
}

}  // namespace
}  // namespace penstock::rtp
