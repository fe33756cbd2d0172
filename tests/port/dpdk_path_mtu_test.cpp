#include <gtest/gtest.h>

#include <memory>

#include "dataplane/port/dpdk/path_mtu.h"

namespace penstock::port {
namespace {

constexpr std::uint64_t kMinuteNs = 60'000'000'000;
const net::Address kV4 = *net::parse_address("198.51.100.1");
const net::Address kOther = *net::parse_address("198.51.100.2");
const net::Address kV6 = *net::parse_address("2001:db8::1");

TEST(PathMtus, AreForgottenAfterTenMinutes) {
  const auto mtus = std::make_unique<PathMtus>();
  EXPECT_EQ(mtus->limit(kV4, 1500, 0), 1500U);
  mtus->learn(kV4, 1400, kMinuteNs);
  EXPECT_EQ(mtus->limit(kV4, 1500, kMinuteNs), 1400U);
  EXPECT_EQ(mtus->limit(kOther, 1500, kMinuteNs), 1500U);
  EXPECT_EQ(mtus->limit(kV4, 1500, 11 * kMinuteNs - 1), 1400U);
  EXPECT_EQ(mtus->limit(kV4, 1500, 11 * kMinuteNs), 1500U);
}

TEST(PathMtus, NarrowOnlyAndNotBelowWhatIsBelievable) {
  const auto mtus = std::make_unique<PathMtus>();
  mtus->learn(kV4, 9000, 0);
  EXPECT_EQ(mtus->limit(kV4, 1500, 1), 1500U) << "an interface is not widened";
  mtus->learn(kV4, 68, 0);
  EXPECT_EQ(mtus->limit(kV4, 1500, 1), PathMtus::kLeastV4);
  mtus->learn(kV6, 600, 0);
  EXPECT_EQ(mtus->limit(kV6, 1500, 1), PathMtus::kLeastV6);
  EXPECT_EQ(mtus->limit(kV6, 1280, 1), 1280U);
}

TEST(PathMtus, AnErrorNeverWidensAPathThatIsKnown) {
  const auto mtus = std::make_unique<PathMtus>();
  mtus->learn(kV4, 1300, 0);
  mtus->learn(kV4, 1400, kMinuteNs);
  EXPECT_EQ(mtus->limit(kV4, 1500, 2 * kMinuteNs), 1300U);
  mtus->learn(kV4, 1200, 2 * kMinuteNs);
  EXPECT_EQ(mtus->limit(kV4, 1500, 3 * kMinuteNs), 1200U);
  mtus->learn(kV4, 1400, 13 * kMinuteNs);
  EXPECT_EQ(mtus->limit(kV4, 1500, 14 * kMinuteNs), 1400U) << "what was known had been forgotten";
}

TEST(PathMtus, ManyPathsAreNeverTakenForEachOther) {
  const auto mtus = std::make_unique<PathMtus>();
  for (std::uint32_t i = 0; i < 10000; ++i) mtus->learn(net::Address::v4(i), 600 + i % 500, 0);
  unsigned known = 0;
  for (std::uint32_t i = 0; i < 10000; ++i) {
    const std::uint32_t limit = mtus->limit(net::Address::v4(i), 1500, 1);
    if (limit == 1500) continue;
    ++known;
    ASSERT_EQ(limit, 600 + i % 500);
  }
  EXPECT_GT(known, 500U);
  EXPECT_LE(known, 1024U);
}

}  // namespace
}  // namespace penstock::port
