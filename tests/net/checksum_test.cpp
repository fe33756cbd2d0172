#include "dataplane/net/checksum.h"

#include <gtest/gtest.h>

#include <vector>

#include "dataplane/net/bytes.h"
#include "dataplane/net/wide_sum.h"

namespace penstock::net {
namespace {

using Bytes = std::vector<std::uint8_t>;

// RFC 1071 section 4.1, in network order and slowly.
std::uint16_t naive(const Bytes& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += static_cast<std::uint32_t>(i % 2 == 0 ? bytes[i] << 8 : bytes[i]);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return word(static_cast<std::uint16_t>(sum));
}

Bytes noise(std::size_t size, std::uint32_t seed) {
  Bytes bytes(size);
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

TEST(Checksum, TheRfcsExample) {
  const Bytes bytes = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};  // RFC 1071 section 3
  EXPECT_EQ(fold(ones_sum(bytes)), word(0xddf2));
  EXPECT_EQ(complement(ones_sum(bytes)), word(0x220d));
}

TEST(Checksum, EverySizeAtEveryAlignment) {
  const Bytes store = noise(400, 1);
  for (std::size_t at = 0; at < 17; ++at) {
    for (std::size_t size = 0; size + at <= 300; ++size) {
      const Bytes part(store.begin() + static_cast<std::ptrdiff_t>(at),
                       store.begin() + static_cast<std::ptrdiff_t>(at + size));
      ASSERT_EQ(fold(ones_sum({store.data() + at, size})), naive(part)) << at << ' ' << size;
    }
  }
}

TEST(Checksum, WideVectorsSumTheSame) {
  const Bytes store = noise(2100, 3);
  for (const std::size_t at : {0U, 1U, 13U}) {
    for (std::size_t size = 0; size + at <= store.size(); size += size < 200 ? 1 : 37) {
      const std::span<const std::uint8_t> part{store.data() + at, size};
      ASSERT_EQ(wide_sum(part), fold(ones_sum(part))) << at << ' ' << size;
    }
  }
}

TEST(Checksum, TheLargestDatagramOfOnesDoesNotOverflow) {
  EXPECT_EQ(wide_sum(Bytes(65535, 0xff)), naive(Bytes(65535, 0xff)));
  EXPECT_EQ(fold(ones_sum(Bytes(65535, 0xff))), naive(Bytes(65535, 0xff)));
  EXPECT_EQ(fold(ones_sum(Bytes(65534, 0xff), 0xffff0000)), 0xffff);
  EXPECT_EQ(fold(~std::uint64_t{0}), 0xffff);
  EXPECT_EQ(fold(0), 0);
}

TEST(Checksum, PartsAddUpToTheWholeAndComeOffItAgain) {
  for (std::size_t size = 0; size < 120; ++size) {
    const Bytes whole = noise(size, 7);
    const std::uint16_t sum = fold(ones_sum(whole));
    for (std::size_t cut = 0; cut <= size; ++cut) {
      const std::span<const std::uint8_t> all = whole;
      const std::uint16_t front = fold(ones_sum(all.first(cut)));
      const std::uint16_t back = fold(ones_sum(all.subspan(cut)));
      ASSERT_EQ(fold(std::uint32_t{front} + at_offset(back, cut)) % 0xffff, sum % 0xffff);
      ASSERT_EQ(without(sum, front) % 0xffff, at_offset(back, cut) % 0xffff);
      ASSERT_EQ(without(sum, at_offset(back, cut)) % 0xffff, front % 0xffff);
    }
  }
}

TEST(Checksum, ThePseudoHeaderIsTheSameOverMappedAddresses) {
  // RFC 768: 10.9.0.1, 10.9.0.2, zero, 17, length 13, written out.
  const Bytes v4 = {10, 9, 0, 1, 10, 9, 0, 2, 0, 17, 0, 13};
  EXPECT_EQ(fold(pseudo_header_sum(Address::v4(0x0a090001), Address::v4(0x0a090002), 17, 13)), naive(v4));
  Address a;
  Address b;
  const Bytes ends = noise(32, 3);
  std::memcpy(a.bytes.data(), ends.data(), 16);
  std::memcpy(b.bytes.data(), ends.data() + 16, 16);
  Bytes v6 = ends;
  const Bytes rest = {0, 0, 0x12, 0x34, 0, 0, 0, 58};
  v6.insert(v6.end(), rest.begin(), rest.end());
  EXPECT_EQ(fold(pseudo_header_sum(a, b, 58, 0x1234)), naive(v6));
}

TEST(Checksum, UdpNeverSendsZero) {
  EXPECT_EQ(complement(0xffff), 0);
  EXPECT_EQ(udp_complement(0xffff), 0xffff);
  EXPECT_EQ(udp_complement(1), 0xfffe);
  EXPECT_TRUE(holds(0x1fffe));
  EXPECT_FALSE(holds(0xfffe));
}

}  // namespace
}  // namespace penstock::net
