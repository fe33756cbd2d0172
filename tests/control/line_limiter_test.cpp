#include "control/log/line_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::control {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const LineLimiter::Time kStart{100s};

TEST(LineLimiter, CountsWhatItLeavesOutAndSaysSoOnce) {
  LineLimiter limiter(2);
  EXPECT_EQ(limiter.admit("a", kStart), 0U);
  EXPECT_EQ(limiter.admit("a", kStart + 1s), 0U);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(limiter.admit("a", kStart + 2s));
  EXPECT_EQ(limiter.admit("b", kStart + 2s), 0U) << "kinds do not share a limit";
  EXPECT_EQ(limiter.admit("a", kStart + 60s), 1000U);
  EXPECT_EQ(limiter.admit("a", kStart + 61s), 0U);
}

TEST(LineLimiter, TellsOfKindsThatWentQuiet) {
  LineLimiter limiter(1);
  limiter.admit("a", kStart);
  limiter.admit("a", kStart);
  EXPECT_THAT(limiter.take_suppressed(kStart + 59s), IsEmpty());
  EXPECT_THAT(limiter.take_suppressed(kStart + 60s), ElementsAre(Pair("a", 1U)));
  EXPECT_THAT(limiter.take_suppressed(kStart + 120s), IsEmpty());
}

TEST(LineLimiter, KindsMadeFromInputDoNotGrowIt) {
  LineLimiter limiter(1);
  std::size_t admitted = 0;
  for (int i = 0; i < 10000; ++i) admitted += limiter.admit("kind" + std::to_string(i), kStart).has_value() ? 1 : 0;
  EXPECT_LE(admitted, 257U);
}

}  // namespace
}  // namespace penstock::control
