#include "dataplane/stun/channel_data.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "dataplane/stun/demultiplex.h"
#include "tests/stun/hex.h"

namespace penstock::stun {
namespace {

using testing::hex;
using testing::to_hex;

TEST(ChannelData, Accepted) {
  const struct {
    const char* datagram;
    std::uint16_t channel;
    const char* data;
  } cases[] = {
      {"4000 0000", 0x4000, ""},
      {"4001 0004 01020304", 0x4001, "01020304"},
      {"4fff 0003 010203 00", 0x4fff, "010203"},    // padded
      {"4fff 0003 010203", 0x4fff, "010203"},       // not padded, as UDP allows
      {"7fff 0001 01 ffffffffffff", 0x7fff, "01"},  // what follows is ignored
      {"4000 0000 01020304", 0x4000, ""},
  };
  for (const auto& [text, channel, data] : cases) {
    const auto datagram = hex(text);
    const auto parsed = parse_channel_data(datagram);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->channel, channel) << text;
    EXPECT_EQ(to_hex(parsed->data), data) << text;
  }
}

TEST(ChannelData, Refused) {
  const struct {
    const char* datagram;
    ChannelDataError error;
  } cases[] = {
      {"", ChannelDataError::truncated_header},          {"40", ChannelDataError::truncated_header},
      {"400000", ChannelDataError::truncated_header},    {"3fff 0000", ChannelDataError::not_channel_data},
      {"8000 0000", ChannelDataError::not_channel_data}, {"0001 0000", ChannelDataError::not_channel_data},
      {"4000 0001", ChannelDataError::overrun},          {"4000 0005 01020304", ChannelDataError::overrun},
      {"4000 ffff 01020304", ChannelDataError::overrun},
  };
  for (const auto& [text, error] : cases) {
    const auto datagram = hex(text);
    const auto parsed = parse_channel_data(datagram);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error(), error) << text;
  }
}

TEST(ChannelData, HeaderReadsBackAsWritten) {
  std::array<std::uint8_t, kChannelDataHeaderBytes> header;
  write_channel_data_header(header, 0x4abc, 0x1234);
  EXPECT_EQ(to_hex(header), "4abc1234");
  std::vector<std::uint8_t> datagram(header.begin(), header.end());
  datagram.resize(4 + 0x1234);
  EXPECT_EQ(parse_channel_data(datagram)->channel, 0x4abc);
  EXPECT_EQ(parse_channel_data(datagram)->data.size(), 0x1234u);
}

TEST(Demultiplex, FirstByteAsInRfc7983) {
  const struct {
    int first, last;
    PacketKind kind;
  } ranges[] = {
      {0, 3, PacketKind::stun},    {4, 15, PacketKind::unknown},       {16, 19, PacketKind::zrtp},
      {20, 63, PacketKind::dtls},  {64, 79, PacketKind::channel_data}, {80, 127, PacketKind::unknown},
      {128, 191, PacketKind::rtp}, {192, 255, PacketKind::unknown},
  };
  int next = 0;
  for (const auto& [first, last, kind] : ranges) {
    EXPECT_EQ(first, next);
    for (int byte = first; byte <= last; ++byte) EXPECT_EQ(classify(static_cast<std::uint8_t>(byte)), kind) << byte;
    next = last + 1;
  }
  EXPECT_EQ(next, 256);
  EXPECT_EQ(classify(Bytes{}), PacketKind::unknown);
  EXPECT_EQ(classify(bytes_of("@")), PacketKind::channel_data);
}

}  // namespace
}  // namespace penstock::stun
