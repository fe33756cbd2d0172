#include "dataplane/rtp/rtcp_reports.h"

#include <gtest/gtest.h>

#include "tests/rtp/only_packet.h"
#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::hex;
using testing::only_packet;

constexpr auto kBlock = "aabbccdd 40 fffffe 00010005 00000011 b7052000 00054000";

void expect_is_block(const ReportBlock& block) {
  EXPECT_EQ(block.source, Ssrc{0xaabbccdd});
  EXPECT_EQ(block.fraction_lost, 0x40);
  EXPECT_EQ(block.cumulative_lost, -2) << "24 bits, signed";
  EXPECT_EQ(block.extended_highest, 0x10005u);
  EXPECT_EQ(block.jitter, 17u);
  EXPECT_EQ(block.last_sender_report, (ShortNtp{0xb705'2000}));
  EXPECT_EQ(block.delay, 0x54000u);
}

TEST(SenderReport, WithOneBlock) {
  const auto datagram = hex(std::string("81c8000c 01020304 b44db705 20000000 00015f90 00000064 0000fa00") + kBlock);
  const auto report = sender_report(only_packet(datagram));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sender, Ssrc{0x01020304});
  EXPECT_EQ(report->info, (SenderInfo{{0xb44d'b705'2000'0000}, {90'000}, 100, 64'000}));
  ASSERT_EQ(report->blocks.size(), 1u);
  expect_is_block(report->blocks[0]);
}

TEST(ReceiverReport, WithoutAndWithBlocksAndExtension) {
  const auto empty = hex("80c90001 01020304");
  const auto none = receiver_report(only_packet(empty));
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->blocks.empty());
  const auto datagram = hex(std::string("82c9000f 01020304") + kBlock + kBlock + "11111111 22222222");
  const auto report = receiver_report(only_packet(datagram));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sender, Ssrc{0x01020304});
  std::size_t seen = 0;
  for (const ReportBlock& block : report->blocks) {
    expect_is_block(block);
    ++seen;
  }
  EXPECT_EQ(seen, 2u) << "a profile-specific extension is no block";
}

TEST(Reports, WhatIsTooShortForItsCountIsRefused) {
  for (const char* datagram : {"80c80005 01020304 b44db705 20000000 00015f90 00000064", "80c80000",
                               "81c80006 01020304 b44db705 20000000 00015f90 00000064 0000fa00"}) {
    const auto bytes = hex(datagram);
    EXPECT_FALSE(sender_report(only_packet(bytes))) << datagram;
  }
  for (const char* datagram : {"80c90000", "81c90001 01020304"}) {
    const auto bytes = hex(datagram);
    EXPECT_FALSE(receiver_report(only_packet(bytes))) << datagram;
  }
}

TEST(Reports, EachReaderKnowsItsTypeOnly) {
  const auto rr = hex("80c90006 01020304 b44db705 20000000 00015f90 00000064 0000fa00");
  EXPECT_FALSE(sender_report(only_packet(rr)));
  const auto sr = hex("80c80006 01020304 b44db705 20000000 00015f90 00000064 0000fa00");
  EXPECT_FALSE(receiver_report(only_packet(sr)));
  EXPECT_FALSE(goodbye(only_packet(sr)));
  EXPECT_FALSE(Descriptions(only_packet(sr)).next());
}

TEST(RoundTrip, TheExampleOfRfc3550) {
  // Section 6.4.1, figure 2: A = b710:8000, 6.125 s.
  const ReportBlock block{.last_sender_report = {0xb705'2000}, .delay = 0x5'4000};
  EXPECT_EQ(round_trip_us(block, {0xb44d'b710'8000'0000}), 6'125'000u);
}

TEST(RoundTrip, ContradictionsGiveNone) {
  const NtpTime now{0xb44d'b710'8000'0000};
  EXPECT_EQ(round_trip_us({}, now), std::nullopt) << "no sender report seen";
  EXPECT_EQ(round_trip_us({.last_sender_report = {0xb710'8000}, .delay = 60}, now), 0u) << "rounding";
  EXPECT_EQ(round_trip_us({.last_sender_report = {0xb710'8000}, .delay = 0x1'0000}, now), std::nullopt);
  EXPECT_EQ(round_trip_us({.last_sender_report = {0xb600'0000}, .delay = 0}, now), std::nullopt) << "minutes";
  EXPECT_EQ(round_trip_us({.last_sender_report = {0xffff'0000}, .delay = 0}, {0x1'0000'0000}), 2'000'000u) << "wraps";
}

std::vector<std::pair<std::uint32_t, std::string>> descriptions_of(const std::vector<std::uint8_t>& datagram) {
  std::vector<std::pair<std::uint32_t, std::string>> all;
  Descriptions chunks(only_packet(datagram));
  while (const auto description = chunks.next()) all.emplace_back(to_wire(description->source), description->cname);
  return all;
}

using List = std::vector<std::pair<std::uint32_t, std::string>>;

TEST(Descriptions, ChunksWithCnamesAmongOtherItems) {
  // "ab" and four bytes of end and padding; NAME "x", CNAME "cd", end; an empty chunk.
  EXPECT_EQ(descriptions_of(hex("83ca0008 00000001 01026162 00000000 00000002 02017801 02636400 00000003 00000000")),
            (List{{1, "ab"}, {2, "cd"}, {3, ""}}));
}

TEST(Descriptions, EndAtTheFirstMalformedChunk) {
  EXPECT_EQ(descriptions_of(hex("82ca0005 00000001 01026162 00000000 00000002 01ff6162")), (List{{1, "ab"}}))
      << "an item past the end";
  EXPECT_EQ(descriptions_of(hex("81ca0002 00000001 01026162")), List{}) << "a chunk without an end";
  EXPECT_EQ(descriptions_of(hex("81ca0002 00000001 01016101")), List{}) << "an item without a length";
  EXPECT_EQ(descriptions_of(hex("82ca0003 00000001 01026162 00000000")), (List{{1, "ab"}})) << "a chunk too few";
  EXPECT_EQ(descriptions_of(hex("81ca0001 00000001")), List{});
  EXPECT_EQ(descriptions_of(hex("80ca0000")), List{});
}

TEST(Goodbye, ListsSourcesAndSkipsTheReason) {
  const auto datagram = hex("82cb0004 00000001 00000002 03627965 00000000");
  const auto sources = goodbye(only_packet(datagram));
  ASSERT_TRUE(sources);
  ASSERT_EQ(sources->size(), 2u);
  EXPECT_EQ((*sources)[0], Ssrc{1});
  EXPECT_EQ((*sources)[1], Ssrc{2});
  const auto lying = hex("83cb0002 00000001 00000002");
  EXPECT_FALSE(goodbye(only_packet(lying)));
  const auto nobody = hex("80cb0000");
  EXPECT_TRUE(goodbye(only_packet(nobody))->empty());
}

}  // namespace
}  // namespace penstock::rtp
