#include "dataplane/port/dpdk/reassembly.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/port/fragments.h"

namespace penstock::port {
namespace {

using net::Drop;
using net::FrameBytes;

class ReassemblyTest : public FragmentsTest {
 protected:
  // An IPv4 fragment of `payload` (of IP) at `offset`, from 10.0.0.`host`.
  FrameBytes piece(std::uint16_t id, std::size_t offset, bool more, const FrameBytes& payload, std::uint8_t host = 1) {
    FrameBytes frame =
        net::from_hex("02000000000b 02000000000a 0800 45000000000000004011 0000 0a000001 0a090002") + payload;
    net::store_be16(&frame[16], static_cast<std::uint16_t>(20 + payload.size()));
    net::store_be16(&frame[18], id);
    net::store_be16(&frame[20], static_cast<std::uint16_t>(offset / 8 | (more ? 0x2000U : 0U)));
    frame[29] = host;
    net::mend_ipv4(frame);
    return frame;
  }

  // A UDP header and body of `size` bytes in all.
  static FrameBytes udp(std::size_t size) {
    FrameBytes bytes = net::counting(0, size);
    net::store_be16(&bytes[4], static_cast<std::uint16_t>(size));
    return bytes;
  }
  static FrameBytes part(const FrameBytes& whole, std::size_t at, std::size_t size) {
    const auto from = whole.begin() + static_cast<std::ptrdiff_t>(at);
    return {from, from + static_cast<std::ptrdiff_t>(size)};
  }

  std::uint64_t all_drops() const {
    return dropped(Drop::fragment_malformed) + dropped(Drop::fragment_overflow) + dropped(Drop::fragment_timeout);
  }
};

void expect_counting_datagram(const FrameBytes& frame) {
  const net::Frame f = net::parse_frame(frame);
  ASSERT_EQ(f.kind, net::FrameKind::datagram);
  EXPECT_EQ(f.source.port, 40000);
  EXPECT_EQ(f.destination.port, 3478);
  EXPECT_EQ(std::size_t{f.payload} + f.payload_size, frame.size());
  EXPECT_EQ(FrameBytes(frame.begin() + f.payload, frame.end()), net::counting(0, 1600));
  EXPECT_TRUE(net::verified_payload_sum(frame, f)) << "Linux made this checksum over the whole";
}

TEST_F(ReassemblyTest, PutsLinuxsFragmentsTogetherInAnyOrder) {
  reassemble();
  const std::pair<FrameBytes, FrameBytes> halves[] = {
      {net::ipv4_first_fragment(), net::ipv4_last_fragment()},
      {net::ipv6_first_fragment(), net::ipv6_last_fragment()},
      {net::tagged(net::ipv4_first_fragment(), 42), net::tagged(net::ipv4_last_fragment(), 42)},
      {net::tagged(net::ipv6_first_fragment(), 42), net::tagged(net::ipv6_last_fragment(), 42)},
  };
  for (const auto& [first, last] : halves) {
    EXPECT_TRUE(add(first).empty());
    expect_counting_datagram(add(last));
    EXPECT_TRUE(add(last).empty());
    const FrameBytes whole = add(first);
    expect_counting_datagram(whole);
    EXPECT_TRUE(std::equal(first.begin(), first.begin() + 12, whole.begin())) << "Ethernet addresses";
    EXPECT_EQ(net::parse_frame(whole).vlan, net::parse_frame(first).vlan);
    EXPECT_EQ(net::parse_frame(whole).tos, net::parse_frame(first).tos);
  }
  EXPECT_EQ(reassembly_->counters().fragments.get(), 16U);
  EXPECT_EQ(reassembly_->counters().datagrams.get(), 8U);
  EXPECT_EQ(reassembly_->counters().pending.get(), 0U);
  EXPECT_EQ(all_drops(), 0U);
}

TEST_F(ReassemblyTest, KeepsDatagramsApart) {
  reassemble();
  // The same id from another host, in another VLAN, to another host, of another family.
  EXPECT_TRUE(add(piece(0xa1d7, 0, true, part(udp(16), 0, 8), 1)).empty());
  EXPECT_TRUE(add(piece(0xa1d7, 8, false, part(udp(16), 8, 8), 2)).empty());
  EXPECT_TRUE(add(piece(0xa1d8, 8, false, part(udp(16), 8, 8), 1)).empty());
  EXPECT_TRUE(add(net::tagged(piece(0xa1d7, 8, false, part(udp(16), 8, 8), 1), 5)).empty());
  EXPECT_TRUE(add(net::ipv6_first_fragment()).empty());
  EXPECT_EQ(reassembly_->counters().pending.get(), 5U);
  EXPECT_FALSE(add(piece(0xa1d7, 8, false, part(udp(16), 8, 8), 1)).empty());
  EXPECT_EQ(reassembly_->counters().pending.get(), 4U);
}

TEST_F(ReassemblyTest, DuplicatesAreHarmless) {
  reassemble();
  const FrameBytes whole = udp(20);
  EXPECT_TRUE(add(piece(1, 8, true, part(whole, 8, 8))).empty());
  EXPECT_TRUE(add(piece(1, 8, true, part(whole, 8, 8))).empty());
  EXPECT_TRUE(add(piece(1, 16, false, part(whole, 16, 4))).empty());
  EXPECT_TRUE(add(piece(1, 16, false, part(whole, 16, 4))).empty());
  EXPECT_FALSE(add(piece(1, 0, true, part(whole, 0, 8))).empty());
  EXPECT_EQ(reassembly_->counters().duplicates.get(), 2U);
  EXPECT_EQ(all_drops(), 0U);
}

TEST_F(ReassemblyTest, AContradictionEndsTheDatagramOnceAndForAll) {
  const FrameBytes w = udp(64);
  FrameBytes lie = w;
  lie[20] ^= 1;
  struct Case {
    const char* what;
    std::vector<FrameBytes> pieces;
  };
  const Case table[] = {
      {"overlap", {piece(1, 0, true, part(w, 0, 24)), piece(1, 16, true, part(w, 16, 16))}},
      {"overlap across a gap", {piece(1, 16, true, part(w, 16, 8)), piece(1, 8, true, part(w, 8, 24))}},
      {"the same place, other bytes", {piece(1, 16, true, part(w, 16, 8)), piece(1, 16, true, part(lie, 16, 8))}},
      {"two ends", {piece(1, 56, false, part(w, 56, 8)), piece(1, 48, false, part(w, 48, 8))}},
      {"more behind the end", {piece(1, 24, false, part(w, 24, 8)), piece(1, 32, true, part(w, 32, 8))}},
      {"an end before what was there", {piece(1, 32, true, part(w, 32, 8)), piece(1, 24, false, part(w, 24, 8))}},
      {"more up to the end", {piece(1, 24, false, part(w, 24, 8)), piece(1, 24, true, part(w, 24, 8))}},
      {"an end that was not one", {piece(1, 24, true, part(w, 24, 8)), piece(1, 24, false, part(w, 24, 8))}},
      {"a ragged middle", {piece(1, 0, true, part(w, 0, 12))}},
      {"nothing at all", {piece(1, 8, true, {})}},
      {"nothing at the end", {piece(1, 8, false, {})}},
  };
  for (const Case& c : table) {
    reassemble();
    const std::uint64_t before = dropped(Drop::fragment_malformed);
    for (const FrameBytes& f : c.pieces) EXPECT_TRUE(add(f).empty()) << c.what;
    EXPECT_EQ(dropped(Drop::fragment_malformed), before + 1) << c.what;
    for (std::size_t at = 0; at < 64; at += 8) {
      EXPECT_TRUE(add(piece(1, at, at != 56, part(w, at, 8))).empty()) << c.what << ": RFC 5722, later pieces, too";
    }
    EXPECT_EQ(dropped(Drop::fragment_malformed), before + 1) << c.what;
    now_ns_ += 2'000'000'000;
    reassembly_->expire(now_ns_);
    EXPECT_EQ(reassembly_->counters().pending.get(), 0U);
    reassembly_.reset();
  }
  EXPECT_EQ(dropped(Drop::fragment_timeout), 0U);
}

TEST_F(ReassemblyTest, ALastPieceShorterThanABlockMayNotBeStretched) {
  reassemble();
  const FrameBytes w = udp(64);
  EXPECT_TRUE(add(piece(1, 16, false, part(w, 16, 4))).empty());
  EXPECT_TRUE(add(piece(1, 16, false, part(w, 16, 6))).empty());
  EXPECT_EQ(dropped(Drop::fragment_malformed), 1U);
}

TEST_F(ReassemblyTest, UdpsLengthMustFit) {
  reassemble();
  for (const std::uint16_t size : std::initializer_list<std::uint16_t>{0, 7, 33, 65535}) {
    FrameBytes w = udp(32);
    net::store_be16(&w[4], size);
    EXPECT_TRUE(add(piece(size, 0, true, part(w, 0, 16))).empty());
    EXPECT_TRUE(add(piece(size, 16, false, part(w, 16, 16))).empty());
  }
  EXPECT_EQ(dropped(Drop::fragment_malformed), 4U);
  FrameBytes w = udp(32);
  net::store_be16(&w[4], 30);  // what is behind it is not payload
  EXPECT_TRUE(add(piece(9, 0, true, part(w, 0, 16))).empty());
  EXPECT_EQ(net::parse_frame(add(piece(9, 16, false, part(w, 16, 16)))).payload_size, 22);
}

TEST_F(ReassemblyTest, WhatDoesNotComeInTimeIsDropped) {
  reassemble();
  const FrameBytes w = udp(16);
  EXPECT_TRUE(add(piece(1, 0, true, part(w, 0, 8))).empty());
  now_ns_ += 1'999'999'999;
  EXPECT_TRUE(add(piece(2, 0, true, part(w, 0, 8))).empty());
  EXPECT_EQ(dropped(Drop::fragment_timeout), 0U);
  ++now_ns_;
  reassembly_->expire(now_ns_);
  EXPECT_EQ(dropped(Drop::fragment_timeout), 1U);
  EXPECT_EQ(reassembly_->counters().pending.get(), 1U);
  EXPECT_TRUE(add(piece(1, 8, false, part(w, 8, 8))).empty()) << "too late";
  EXPECT_FALSE(add(piece(2, 8, false, part(w, 8, 8))).empty());
}

TEST_F(ReassemblyTest, ASourceHasItsShareAndTheOldestMakesRoom) {
  reassemble({.datagrams = 8, .per_source = 3});
  const FrameBytes w = udp(16);
  for (std::uint16_t id = 1; id <= 5; ++id) EXPECT_TRUE(add(piece(id, 0, true, part(w, 0, 8), 1)).empty());
  EXPECT_EQ(dropped(Drop::fragment_overflow), 2U);
  EXPECT_EQ(reassembly_->counters().pending.get(), 3U);
  EXPECT_FALSE(add(piece(5, 8, false, part(w, 8, 8), 1)).empty());
  EXPECT_FALSE(add(piece(3, 8, false, part(w, 8, 8), 1)).empty());
}

TEST_F(ReassemblyTest, AFloodFromEverywhereCostsOnlyTheOldest) {
  reassemble({.datagrams = 8, .per_source = 8});
  const FrameBytes w = udp(16);
  for (unsigned host = 1; host <= 200; ++host) {
    EXPECT_TRUE(add(piece(1, 0, true, part(w, 0, 8), static_cast<std::uint8_t>(host))).empty());
  }
  EXPECT_EQ(reassembly_->counters().pending.get(), 8U);
  EXPECT_EQ(dropped(Drop::fragment_overflow), 192U);
  EXPECT_FALSE(add(piece(1, 8, false, part(w, 8, 8), 200)).empty());
  EXPECT_FALSE(add(piece(1, 8, false, part(w, 8, 8), 193)).empty());
  EXPECT_EQ(reassembly_->counters().pending.get(), 6U);
}

TEST_F(ReassemblyTest, LargerThanItsBufferIsAnOverflow) {
  reassemble();
  const FrameBytes w = udp(kMaxReassembled);
  for (std::size_t at = 0; at < kMaxReassembled; at += 8192) {
    const FrameBytes whole = add(piece(1, at, at != 8192, part(w, at, 8192)));
    EXPECT_EQ(whole.empty(), at != 8192) << "exactly as much as fits";
  }
  EXPECT_TRUE(add(piece(2, kMaxReassembled, false, FrameBytes(1))).empty());
  EXPECT_TRUE(add(piece(3, 65528, false, FrameBytes(100))).empty());
  EXPECT_EQ(dropped(Drop::fragment_overflow), 2U);
}

TEST_F(ReassemblyTest, TooManyPiecesAreAnOverflow) {
  reassemble();
  const FrameBytes w = udp(8 * (kMaxPieces + 1));
  for (std::size_t i = 0; i <= kMaxPieces; ++i) {
    EXPECT_EQ(dropped(Drop::fragment_overflow), 0U);
    EXPECT_TRUE(add(piece(1, 8 * i, i != kMaxPieces, part(w, 8 * i, 8))).empty());
  }
  EXPECT_EQ(dropped(Drop::fragment_overflow), 1U);
}

TEST_F(ReassemblyTest, CongestionMetByOnePieceIsKept) {
  for (const std::size_t marked : {0U, 1U}) {
    for (const bool reversed : {false, true}) {
      reassemble();
      std::vector<FrameBytes> pieces = {net::ipv4_first_fragment(), net::ipv4_last_fragment()};
      for (FrameBytes& f : pieces) f[15] = 0xba;  // EF, ECT(0)
      pieces[marked][15] = 0xbb;
      pieces[1][15] &= 0x03;  // the code point is the first piece's
      for (FrameBytes& f : pieces) net::mend_ipv4(f);
      if (reversed) std::swap(pieces[0], pieces[1]);
      EXPECT_TRUE(add(pieces[0]).empty());
      EXPECT_EQ(net::parse_frame(add(pieces[1])).tos, 0xbb);
      reassembly_.reset();
    }
  }
}

TEST_F(ReassemblyTest, WithoutBuffersNothingIsOpened) {
  reassemble({.datagrams = 2, .per_source = 2});
  const FrameBytes w = udp(16);
  std::vector<net::Packet*> under_way;
  for (std::uint16_t id = 0; id < 100; ++id) {
    for (const std::size_t at : {0U, 8U}) {
      net::Packet* p = packet(piece(id, at, at == 0, part(w, at, 8)));
      net::Packet* whole = reassembly_->add(p, net::parse_frame(net::payload(p)), now_ns_);
      if (whole != nullptr) under_way.push_back(whole);
    }
  }
  EXPECT_EQ(under_way.size(), 66U) << "2 and 64 under way";
  EXPECT_EQ(dropped(Drop::fragment_overflow), 2U * 34U);
  for (net::Packet* p : under_way) net::free(p);
  EXPECT_TRUE(add(piece(1, 0, true, part(w, 0, 8))).empty());
  EXPECT_FALSE(add(piece(1, 8, false, part(w, 8, 8))).empty());
}

}  // namespace
}  // namespace penstock::port
