#include <gmock/gmock.h>

#include <random>

#include "dataplane/port/dpdk/flow_rules.h"

namespace penstock::port {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// What the blocks make up, in order and without gaps or overlaps; nullopt when they do not.
std::optional<std::pair<std::uint32_t, std::uint32_t>> covered(const std::vector<PortBlock>& blocks) {
  std::uint32_t next = blocks.front().value;
  for (const PortBlock& b : blocks) {
    const std::uint32_t size = 0x10000U - b.mask;
    const bool is_block = std::has_single_bit(size) && (b.value & ~std::uint32_t{b.mask} & 0xffff) == 0;
    if (!is_block || b.value != next) return std::nullopt;
    next += size;
  }
  return std::pair(std::uint32_t{blocks.front().value}, next - 1);
}

TEST(BlocksOf, KnownRanges) {
  EXPECT_THAT(blocks_of({0, 65535}), ElementsAre(PortBlock{0, 0}));
  EXPECT_THAT(blocks_of({49152, 65535}), ElementsAre(PortBlock{49152, 0xc000}));
  EXPECT_THAT(blocks_of({3478, 3478}), ElementsAre(PortBlock{3478, 0xffff}));
  EXPECT_THAT(blocks_of({3, 8}), ElementsAre(PortBlock{3, 0xffff}, PortBlock{4, 0xfffc}, PortBlock{8, 0xffff}));
  EXPECT_THAT(blocks_of({65535, 65535}), ElementsAre(PortBlock{65535, 0xffff}));
  EXPECT_THAT(blocks_of({1, 65534}), SizeIs(30)) << "the worst there is";
}

TEST(BlocksOf, CoverEveryRangeExactly) {
  const auto check = [](std::uint16_t first, std::uint16_t last) {
    const auto blocks = blocks_of({first, last});
    ASSERT_FALSE(blocks.empty());
    EXPECT_LE(blocks.size(), 30U);
    const auto found = covered(blocks);
    ASSERT_TRUE(found) << first << " to " << last;
    EXPECT_EQ(*found, (std::pair<std::uint32_t, std::uint32_t>(first, last)));
  };
  for (unsigned first = 0; first < 300; ++first) {  // all small ones, at both ends of the ports
    for (unsigned last = first; last < 300; ++last) {
      check(static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last));
      check(static_cast<std::uint16_t>(65535 - last), static_cast<std::uint16_t>(65535 - first));
    }
    if (HasFatalFailure()) return;
  }
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same ranges every time
  for (unsigned i = 0; i < 20000 && !HasFatalFailure(); ++i) {
    const auto [first, last] = std::minmax({random() % 65536, random() % 65536});
    check(static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last));
  }
}

}  // namespace
}  // namespace penstock::port
