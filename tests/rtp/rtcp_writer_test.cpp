#include "dataplane/rtp/rtcp_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/rtp/only_packet.h"
#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::to_hex;
using testing::only_packet;

constexpr Ssrc kUs{0x01020304};
constexpr Ssrc kMedia{0x0a0b0c0d};

/// What one call writes into a buffer that was full of something else.
template <class Write>
std::vector<std::uint8_t> written(Write write, std::size_t room = 1500) {
  std::vector<std::uint8_t> out(room, 0xee);
  RtcpWriter writer(out);
  write(writer);
  EXPECT_TRUE(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(writer.size()), out.end(), [](std::uint8_t byte) {
    return byte == 0xee;
  })) << "nothing is written behind size()";
  out.resize(writer.size());
  return out;
}

ReportBlock some_block(std::mt19937& random) {
  const auto word = [&] { return static_cast<std::uint32_t>(random()); };
  return {
      Ssrc{word()}, static_cast<std::uint8_t>(word()), static_cast<std::int32_t>(word()) >> 8, word(), word(), {word()},
      word()};
}

TEST(RtcpWriter, ReportsReadBackWithEveryNumberOfBlocks) {
  std::mt19937 random(11);
  for (std::size_t count = 0; count <= RtcpWriter::kMostReportBlocks; ++count) {
    std::vector<ReportBlock> blocks(count);
    for (ReportBlock& block : blocks) block = some_block(random);
    const SenderInfo info{{random() * std::uint64_t{0x1'0000'0001}}, {static_cast<std::uint32_t>(random())}, 7, 8};

    const auto sr = written([&](RtcpWriter& w) { EXPECT_TRUE(w.sender_report(kUs, info, blocks)); });
    const auto sent = sender_report(only_packet(sr));
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->sender, kUs);
    EXPECT_EQ(sent->info, info);
    EXPECT_TRUE(std::equal(blocks.begin(), blocks.end(), sent->blocks.begin(), sent->blocks.end()));

    const auto rr = written([&](RtcpWriter& w) { EXPECT_TRUE(w.receiver_report(kUs, blocks)); });
    const auto received = receiver_report(only_packet(rr));
    ASSERT_TRUE(received);
    EXPECT_EQ(received->sender, kUs);
    EXPECT_TRUE(std::equal(blocks.begin(), blocks.end(), received->blocks.begin(), received->blocks.end()));
  }
}

TEST(RtcpWriter, CnamesOfEveryLengthReadBack) {
  for (std::size_t length = 1; length <= 255; ++length) {
    const std::string text(length, 'c');
    const auto sdes = written([&](RtcpWriter& w) { EXPECT_TRUE(w.cname(kUs, text)); });
    Descriptions chunks(only_packet(sdes));
    const auto description = chunks.next();
    ASSERT_TRUE(description) << length;
    EXPECT_EQ(description->source, kUs);
    EXPECT_EQ(description->cname, text);
    EXPECT_FALSE(chunks.next());
  }
  EXPECT_TRUE(written([](RtcpWriter& w) { EXPECT_FALSE(w.cname(kUs, std::string(256, 'c'))); }).empty());
}

TEST(RtcpWriter, ByteForByte) {
  const std::array sources{Ssrc{1}, Ssrc{2}};
  const std::array items{FullIntraItem{kMedia, 9}};
  const std::array lost{SequenceNumber{65534}, SequenceNumber{65535}, SequenceNumber{14}, SequenceNumber{15}};
  struct Row {
    std::string bytes;
    std::vector<std::uint8_t> packet;
  };
  for (const Row& row : {
           Row{"81ca00030102030401026162"
               "00000000",
               written([](RtcpWriter& w) { w.cname(kUs, "ab"); })},
           Row{"82cb00020000000100000002", written([&](RtcpWriter& w) { w.goodbye(sources); })},
           Row{"81ce0002010203040a0b0c0d", written([](RtcpWriter& w) { w.picture_loss(kUs, kMedia); })},
           Row{"84ce000401020304000000000a0b0c0d09000000",
               written([&](RtcpWriter& w) { w.full_intra_request(kUs, items); })},
           Row{"81cd0004010203040a0b0c0dfffe8001000f0000", written([&](RtcpWriter& w) { w.nack(kUs, kMedia, lost); })},
           Row{"8fce00050102030400000000"
               "52454d4201"
               "0bd090"
               "0a0b0c0d",
               written([](RtcpWriter& w) { w.maximum_bitrate(kUs, 1'000'000, std::array{kMedia}); })},
       }) {
    EXPECT_EQ(to_hex(row.packet), row.bytes);
  }
}

TEST(RtcpWriter, NackListsReadBack) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    std::vector<SequenceNumber> lost;
    SequenceNumber next{static_cast<std::uint16_t>(random())};
    for (std::size_t i = 1 + random() % 200; i > 0; --i)
      lost.push_back(next = next + (1 + random() % (1 + random() % 30)));
    std::vector<SequenceNumber> read;
    const auto packet = written([&](RtcpWriter& w) { EXPECT_EQ(w.nack(kUs, kMedia, lost), lost.size()); });
    nack(only_packet(packet))->for_each([&](SequenceNumber sequence) { read.push_back(sequence); });
    EXPECT_EQ(read, lost);
  }
}

TEST(RtcpWriter, ANackWithoutRoomForAllTakesTheFront) {
  std::vector<SequenceNumber> lost;
  for (int i = 0; i < 10; ++i) lost.push_back({static_cast<std::uint16_t>(100 * i)});  // an item each
  for (std::size_t room = 0; room <= 64; ++room) {
    const auto packet = written(
        [&](RtcpWriter& w) {
          EXPECT_EQ(w.nack(kUs, kMedia, lost), room < 16 ? 0 : std::min<std::size_t>(10, (room - 12) / 4));
        },
        room);
    EXPECT_LE(packet.size(), room);
  }
  EXPECT_TRUE(written([&](RtcpWriter& w) { EXPECT_EQ(w.nack(kUs, kMedia, {}), 0u); }).empty());
}

TEST(RtcpWriter, RatesReadBackRoundedDownToEighteenBits) {
  for (int bits = 0; bits < 64; ++bits) {
    for (const std::uint64_t bps : {std::uint64_t{1} << bits, (std::uint64_t{2} << bits) - 1}) {
      const auto packet = written([&](RtcpWriter& w) { EXPECT_TRUE(w.maximum_bitrate(kUs, bps, std::array{kMedia})); });
      const auto read = maximum_bitrate(only_packet(packet));
      ASSERT_TRUE(read);
      EXPECT_LE(read->bitrate_bps, bps);
      EXPECT_LE(bps - read->bitrate_bps, bps >> 17) << bps;
    }
  }
}

TEST(RtcpWriter, WhatDoesNotFitLeavesNoTrace) {
  std::mt19937 random(2);
  const std::array blocks{some_block(random), some_block(random)};
  const std::array items{FullIntraItem{kMedia, 1}};
  const std::array sources{kUs, kMedia};
  const std::array<
      bool (*)(RtcpWriter&, std::span<const ReportBlock>, std::span<const FullIntraItem>, std::span<const Ssrc>), 7>
      writes{
          [](RtcpWriter& w, auto b, auto, auto) { return w.sender_report(kUs, {}, b); },
          [](RtcpWriter& w, auto b, auto, auto) { return w.receiver_report(kUs, b); },
          [](RtcpWriter& w, auto, auto, auto) { return w.cname(kUs, "someone"); },
          [](RtcpWriter& w, auto, auto, auto s) { return w.goodbye(s); },
          [](RtcpWriter& w, auto, auto, auto) { return w.picture_loss(kUs, kMedia); },
          [](RtcpWriter& w, auto, auto i, auto) { return w.full_intra_request(kUs, i); },
          [](RtcpWriter& w, auto, auto, auto s) { return w.maximum_bitrate(kUs, 1, s); },
      };
  for (const auto write : writes) {
    const std::size_t needed = written([&](RtcpWriter& w) { EXPECT_TRUE(write(w, blocks, items, sources)); }).size();
    for (std::size_t room = 0; room < needed; ++room) {
      EXPECT_TRUE(written([&](RtcpWriter& w) { EXPECT_FALSE(write(w, blocks, items, sources)); }, room).empty());
    }
    EXPECT_EQ(written([&](RtcpWriter& w) { EXPECT_TRUE(write(w, blocks, items, sources)); }, needed).size(), needed);
  }
  EXPECT_TRUE(
      written([](RtcpWriter& w) { EXPECT_FALSE(w.receiver_report(kUs, std::vector<ReportBlock>(32))); }).empty());
  EXPECT_TRUE(written([](RtcpWriter& w) { EXPECT_FALSE(w.goodbye(std::vector<Ssrc>(32))); }).empty());
  EXPECT_TRUE(written([](RtcpWriter& w) { EXPECT_FALSE(w.maximum_bitrate(kUs, 1, std::vector<Ssrc>(256))); }).empty());
}

TEST(RtcpWriter, ACompoundIsItsPacketsInOrder) {
  const auto datagram = written([](RtcpWriter& w) {
    EXPECT_TRUE(w.empty());
    EXPECT_TRUE(w.sender_report(kUs, {}));
    EXPECT_TRUE(w.cname(kUs, "x"));
    EXPECT_TRUE(w.picture_loss(kUs, kMedia));
    EXPECT_EQ(w.room(), 1500 - w.size());
  });
  std::vector<int> types;
  const auto compound = RtcpCompound::parse(datagram);
  ASSERT_TRUE(compound);
  for (const RtcpPacket packet : *compound) types.push_back(packet.type);
  EXPECT_EQ(types, (std::vector<int>{200, 202, 206}));
}

}  // namespace
}  // namespace penstock::rtp
