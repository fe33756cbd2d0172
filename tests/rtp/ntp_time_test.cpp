#include "dataplane/rtp/ntp_time.h"

#include <gtest/gtest.h>

namespace penstock::rtp {
namespace {

// Figure 2 of RFC 3550 section 6.4.1: a sender report of 10 Nov 1995 11:33:25.125 UTC.
constexpr std::uint64_t kFigure2_unix_ns = 816'003'205'125'000'000;

TEST(NtpTime, TheExampleOfRfc3550) {
  const NtpTime sent = ntp_from_unix_ns(kFigure2_unix_ns);
  EXPECT_EQ(sent.value, 0xb44d'b705'2000'0000);
  EXPECT_EQ(sent.short_form(), (ShortNtp{0xb705'2000}));
}

TEST(NtpTime, UnixEpochIsSeventyYearsIn) {
  EXPECT_EQ(ntp_from_unix_ns(0).value, 0x83aa'7e80'0000'0000);
  EXPECT_EQ(ntp_from_unix_ns(500'000'000).value, 0x83aa'7e80'8000'0000);
}

TEST(NtpTime, DifferencesKeepTheirSign) {
  const NtpTime early = ntp_from_unix_ns(kFigure2_unix_ns);
  const NtpTime late = ntp_from_unix_ns(kFigure2_unix_ns + 1'500'000'000);
  EXPECT_EQ(ns_between(early, late), 1'500'000'000);
  EXPECT_EQ(ns_between(late, early), -1'500'000'000);
  EXPECT_EQ(ns_between(early, early), 0);
}

TEST(NtpTime, DifferencesCrossTheWrapOf2036) {
  EXPECT_EQ(ns_between({0xffff'ffff'0000'0000}, {0x0000'0001'0000'0000}), 2'000'000'000);
}

TEST(ShortNtp, DelaysAreIn65536thsAndSaturate) {
  EXPECT_EQ(short_ntp_delay(0), 0u);
  EXPECT_EQ(short_ntp_delay(5'250'000'000), 0x0005'4000u);  // the delay of figure 2
  EXPECT_EQ(short_ntp_delay(999'999'999), 0xffffu);
  EXPECT_EQ(short_ntp_delay(std::uint64_t{0xffff} * 1'000'000'000), 0xffff'0000u);
  EXPECT_EQ(short_ntp_delay(std::uint64_t{0x1'0000} * 1'000'000'000), 0xffff'ffffu);
  EXPECT_EQ(short_ntp_delay(UINT64_MAX), 0xffff'ffffu);
}

}  // namespace
}  // namespace penstock::rtp
