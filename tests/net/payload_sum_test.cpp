// A verified payload's sum follows its packet through everything a service does to it.

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "dataplane/net/packet.h"
#include "dataplane/net/packet_pool.h"

namespace penstock::net {
namespace {

class PayloadSum : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(start_environment(64));
    auto pool = PacketPool::create("payload-sum", 31, 2048);
    ASSERT_TRUE(pool) << pool.error();
    pool_.emplace(std::move(*pool));
  }

  // A packet of `size` bytes of noise that arrived with a good checksum.
  Packet* arrived(std::size_t size) {
    Packet* p = pool_->allocate();
    char* bytes = rte_pktmbuf_append(p, static_cast<std::uint16_t>(size));
    for (std::size_t i = 0; i < size; ++i) bytes[i] = next();
    info(p).payload_sum = fold(ones_sum(payload(p)));
    info(p).flags = PacketInfo::kSummed;
    return p;
  }

  void put(Packet* p, std::size_t n) {
    std::uint8_t* at = prepend(p, n);
    for (std::size_t i = 0; i < n; ++i) at[i] = static_cast<std::uint8_t>(next());
  }

  char next() { return static_cast<char>((seed_ = seed_ * 1664525 + 1013904223) >> 24); }

  // The sum that transmit relies on is that of the bytes it sends.
  void expect_true_sum(Packet* p, bool kept = true) {
    const PacketInfo& i = info(p);
    std::vector<std::uint8_t> wire(i.lead.begin(), i.lead.begin() + i.lead_size);
    wire.insert(wire.end(), payload(p).begin(), payload(p).end());
    wire.resize(wire.size() + i.tail_size);
    EXPECT_EQ((i.flags & PacketInfo::kSummed) != 0, kept);
    ASSERT_EQ(transmitted_sum(p) % 0xffff, fold(ones_sum(wire)) % 0xffff) << wire.size();
  }

  std::optional<PacketPool> pool_;
  std::uint32_t seed_ = 1;
};

TEST_F(PayloadSum, ChannelDataToPeer) {
  for (std::size_t size = 0; size < 80; ++size) {
    Packet* p = arrived(4 + (size + 3) / 4 * 4);  // ChannelData as a client may pad it
    strip(p, 4);
    truncate(p, size);
    expect_true_sum(p);
    free(p);
  }
}

TEST_F(PayloadSum, SendIndicationToPeerAndAnyOtherCut) {
  for (std::size_t front = 0; front <= 70; ++front) {
    for (std::size_t size = 0; size < 70; ++size) {
      for (std::size_t back = 0; back < 6; ++back) {
        Packet* p = arrived(front + size + back);
        strip(p, front);
        truncate(p, size);
        expect_true_sum(p);
        free(p);
      }
    }
  }
}

TEST_F(PayloadSum, PeerToClientInPlaceOrByTheLead) {
  for (const bool shared : {false, true}) {
    for (std::size_t head = 1; head <= kLeadCapacity; ++head) {  // 4, 36 and 48 are real
      for (std::size_t size = 0; size < 40; ++size) {
        Packet* p = arrived(size);
        if (shared) info(p).flags |= PacketInfo::kSharesHeadroom | PacketInfo::kSharesTailroom;
        put(p, head);
        append_zeros(p, (4 - size % 4) % 4);
        expect_true_sum(p);
        EXPECT_EQ(info(p).lead_size, shared ? head : 0);
        free(p);
      }
    }
  }
}

TEST_F(PayloadSum, Hairpin) {
  for (std::size_t front : {4, 36, 41, 48}) {
    for (std::size_t head : {4, 36, 48}) {
      for (std::size_t size = 0; size < 70; ++size) {
        Packet* p = arrived(front + size + 2);
        strip(p, front);
        truncate(p, size);
        put(p, head);
        append_zeros(p, (4 - size % 4) % 4);
        expect_true_sum(p);
        free(p);
      }
    }
  }
}

TEST_F(PayloadSum, WhatWasPrependedMayBeStrippedAndCutAgain) {
  for (std::size_t head : {3, 4, 20}) {
    for (std::size_t n = 0; n <= 40; ++n) {
      Packet* p = arrived(20);
      put(p, head);
      put(p, 2);  // a second head in front of the first
      strip(p, std::min<std::size_t>(n, p->data_len));
      expect_true_sum(p);
      truncate(p, p->data_len / 2);
      expect_true_sum(p);
      put(p, 5);
      expect_true_sum(p);
      free(p);
    }
  }
}

TEST_F(PayloadSum, ASecondHeadMayGoToTheLead) {
  Packet* p = arrived(33);
  put(p, 47);
  put(p, 47);
  put(p, 47);  // no headroom left for this one
  EXPECT_EQ(info(p).lead_size, 47);
  expect_true_sum(p);
  free(p);
}

TEST_F(PayloadSum, IsTakenFromThePayloadWhereItIsNotKnown) {
  Packet* p = arrived(33);
  info(p).flags = PacketInfo::kSharesHeadroom;
  info(p).payload_sum = 0x1234;
  strip(p, 3);
  put(p, 7);
  truncate(p, 20);
  append_zeros(p, 1);
  expect_true_sum(p, false);
  free(p);
}

TEST_F(PayloadSum, ZerosStayZero) {
  for (const int zero : {0, 0xffff}) {
    Packet* p = pool_->allocate();
    std::memset(rte_pktmbuf_append(p, 16), 0, 16);
    info(p).payload_sum = static_cast<std::uint16_t>(zero);
    info(p).flags = PacketInfo::kSummed;
    strip(p, 3);
    truncate(p, 9);
    expect_true_sum(p);
    free(p);
  }
}

}  // namespace
}  // namespace penstock::net
