#include "dataplane/rtp/rtcp.h"

#include <gtest/gtest.h>

#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::hex;
using stun::testing::to_hex;

TEST(RtcpCompound, WalksEveryPacketWithItsBody) {
  const auto datagram =
      hex("80c90001 00000001"                    // RR
          "81ca0003 00000001 01026162 00000000"  // SDES
          "8fce0000");                           // a type we know, without a body
  const auto compound = RtcpCompound::parse(datagram);
  ASSERT_TRUE(compound);
  std::vector<std::string> seen;
  for (const RtcpPacket packet : *compound) {
    seen.push_back(std::to_string(packet.type) + "/" + std::to_string(packet.format) + " " + to_hex(packet.body));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"201/0 00000001", "202/1 000000010102616200000000", "206/15 "}));
}

TEST(RtcpCompound, UnknownTypesAreSkippedByTheirLength) {
  const auto datagram = hex("80cf0002 0102030405060708 80c90001 00000009");  // XR, RR
  const auto compound = RtcpCompound::parse(datagram);
  ASSERT_TRUE(compound);
  auto packet = compound->begin();
  EXPECT_FALSE((*packet).is(RtcpType::receiver_report));
  ++packet;
  EXPECT_TRUE((*packet).is(RtcpType::receiver_report));
  ++packet;
  EXPECT_EQ(packet, compound->end());
}

TEST(RtcpCompound, PaddingIsTakenOffAnyPacketInAnyCount) {
  // libwebrtc's transport feedback carries three bytes of padding and may have company behind it.
  const auto datagram = hex("afcd0002 00112233 44000003 a0c90002 00000001 00000004");
  const auto compound = RtcpCompound::parse(datagram);
  ASSERT_TRUE(compound);
  auto packet = compound->begin();
  EXPECT_EQ(to_hex((*packet).body), "0011223344");
  ++packet;
  EXPECT_EQ(to_hex((*packet).body), "00000001");
}

TEST(RtcpCompound, LyingDatagramsAreRefusedByName) {
  struct Row {
    const char* datagram;
    RtcpError error;
  };
  for (const Row& row : {
           Row{"", RtcpError::truncated}, Row{"80c900", RtcpError::truncated},
           Row{"80c90001 00000001 80", RtcpError::truncated},  // a rest behind a good packet
           Row{"80c90001 00000001 00000000", RtcpError::wrong_version}, Row{"40c90000", RtcpError::wrong_version},
           Row{"80c90001", RtcpError::overrun}, Row{"80c90002 00000001", RtcpError::overrun},
           Row{"80c9ffff 00000001", RtcpError::overrun}, Row{"80c90001 00000001 81cb0002 00000001", RtcpError::overrun},
           Row{"a0c90000", RtcpError::bad_padding},           // no byte to count in
           Row{"a0c90001 00000000", RtcpError::bad_padding},  // a count of 0
           Row{"a0c90001 00000005", RtcpError::bad_padding},  // more than there is
       }) {
    const auto compound = RtcpCompound::parse(hex(row.datagram));
    ASSERT_FALSE(compound) << row.datagram;
    EXPECT_EQ(compound.error(), row.error) << row.datagram << ": " << to_string(compound.error());
  }
}

}  // namespace
}  // namespace penstock::rtp
