// What is asked of publishers, and how much receivers may ask of us.

#include <gtest/gtest.h>

#include "dataplane/sfu/forward/key_frame_requests.h"
#include "dataplane/sfu/forward/retransmission_pacer.h"

namespace penstock::sfu {
namespace {

constexpr std::uint64_t kMs = 1'000'000, kS = 1'000'000'000;
constexpr std::uint64_t kStart = 100 * kS;

// Requests within `duration`, looked after every 10 ms, while somebody wants a key frame of encoding 0 (and 2).
int asked_within(KeyFrameRequests& requests, std::uint64_t from, std::uint64_t duration, std::uint64_t rtt_ns = 0,
                 bool others = false) {
  int count = 0;
  for (std::uint64_t now = from; now < from + duration; now += 10 * kMs) {
    requests.want(0, now);
    if (others) requests.want(2, now);
    count += std::popcount(requests.collect(now, rtt_ns));
  }
  return count;
}

TEST(KeyFrameRequests, ManyWishesAreOneRequest) {
  KeyFrameRequests requests;
  EXPECT_FALSE(requests.any());
  requests.want(1, kStart);
  requests.want(1, kStart);
  EXPECT_TRUE(requests.any());
  EXPECT_EQ(requests.collect(kStart, 0), 0b10);
  requests.want(1, kStart + 100 * kMs);
  EXPECT_EQ(requests.collect(kStart + 100 * kMs, 0), 0);
  EXPECT_EQ(requests.collect(kStart + 249 * kMs, 0), 0);
  EXPECT_EQ(requests.collect(kStart + 250 * kMs, 0), 0b10) << "still waited for";
  requests.on_key_frame(1, kStart + 300 * kMs);
  EXPECT_FALSE(requests.any());
  EXPECT_EQ(requests.collect(kStart + 900 * kMs, 0), 0);
}

TEST(KeyFrameRequests, NotTwiceWithinARoundTrip) {
  KeyFrameRequests requests;
  EXPECT_EQ(asked_within(requests, kStart, 1000 * kMs, 500 * kMs), 2);
  KeyFrameRequests absurd;
  EXPECT_EQ(asked_within(absurd, kStart, 2000 * kMs, 3600 * kS), 2);
}

TEST(KeyFrameRequests, ACrowdThatJoinsCostsAFewKeyFrames) {
  KeyFrameRequests requests;
  int asked = 0;
  std::uint64_t key_frame_at = 0;
  for (std::uint64_t now = kStart; now < kStart + 3 * kS; now += 10 * kMs) {  // somebody joins each time
    requests.want(0, now);
    if (now == key_frame_at) requests.on_key_frame(0, now);
    if (requests.collect(now, 0) != 0) {
      ++asked;
      key_frame_at = now + 50 * kMs;
    }
  }
  EXPECT_LE(asked, 10);
  EXPECT_GE(asked, 8) << "nobody waits long";
}

TEST(KeyFrameRequests, AWishThatAKeyFrameOnItsWayAnswersIsNone) {
  KeyFrameRequests requests;
  requests.want(0, kStart);
  requests.collect(kStart, 0);
  requests.on_key_frame(0, kStart + 50 * kMs);
  requests.want(0, kStart + 120 * kMs, 100 * kMs);
  EXPECT_FALSE(requests.any()) << "the receiver asked before it came there";
  requests.want(0, kStart + 160 * kMs, 100 * kMs);
  EXPECT_TRUE(requests.any());
}

TEST(KeyFrameRequests, AWishIsForgottenWhenNobodyRepeatsIt) {
  KeyFrameRequests requests;
  requests.want(0, kStart);
  EXPECT_EQ(requests.collect(kStart + 3 * kS, 0), 0);
  EXPECT_FALSE(requests.any());
}

TEST(KeyFrameRequests, WhoDoesNotAnswerIsAskedLessAndLess) {
  KeyFrameRequests requests;
  EXPECT_EQ(asked_within(requests, kStart, 2 * kS), 8);
  EXPECT_LE(asked_within(requests, kStart + 2 * kS, 20 * kS), 8);
  EXPECT_NEAR(asked_within(requests, kStart + 22 * kS, 40 * kS), 10, 1) << "every four seconds";
  requests.on_key_frame(0, kStart + 62 * kS);
  EXPECT_EQ(asked_within(requests, kStart + 63 * kS, 1 * kS), 4) << "and as before when it does";
}

TEST(KeyFrameRequests, APublisherIsNotFlooded) {
  KeyFrameRequests requests;
  int asked = 0;
  for (std::uint64_t now = kStart; now < kStart + 2 * kS; now += 10 * kMs) {
    for (std::uint8_t i = 0; i < kMostEncodings; ++i) requests.want(i, now);
    asked += std::popcount(requests.collect(now, 0));
  }
  EXPECT_LE(asked, 3 * static_cast<int>(KeyFrameRequests::kMostPerSecond));
  EXPECT_GE(asked, 2 * static_cast<int>(KeyFrameRequests::kMostPerSecond));
}

TEST(KeyFrameRequests, AFirKeepsItsNumberUntilItIsAnswered) {
  KeyFrameRequests requests;
  EXPECT_EQ(asked_within(requests, kStart, 500 * kMs), 2);
  const std::uint8_t first = requests.fir_number(0);
  EXPECT_EQ(asked_within(requests, kStart + 500 * kMs, 500 * kMs), 2);
  EXPECT_EQ(requests.fir_number(0), first);
  requests.on_key_frame(0, kStart + 1 * kS);
  EXPECT_EQ(asked_within(requests, kStart + 2 * kS, 10 * kMs), 1);
  EXPECT_EQ(requests.fir_number(0), static_cast<std::uint8_t>(first + 1));
}

TEST(KeyFrameRequests, EncodingsThatDoNotExistAreIgnored) {
  KeyFrameRequests requests;
  requests.want(kMostEncodings, kStart);
  requests.on_key_frame(0xff, kStart);
  EXPECT_FALSE(requests.any());
}

// Bytes that get through within a second, when packets of 1000 are asked for all the time.
std::size_t resent_within_a_second(RetransmissionPacer& pacer, std::size_t live_bytes_per_ms, std::uint64_t from) {
  std::size_t bytes = 0;
  for (std::uint64_t now = from; now < from + kS; now += kMs) {
    pacer.sent(live_bytes_per_ms);
    while (pacer.open(now)) {
      pacer.resent(1000);
      bytes += 1000;
    }
  }
  return bytes;
}

TEST(RetransmissionPacer, SendsABurstAndThenAShareOfWhatIsLive) {
  RetransmissionPacer pacer;
  EXPECT_NEAR(static_cast<double>(resent_within_a_second(pacer, 250, kStart)), 65'536 + 62'500 + 8'192, 2'500);
  EXPECT_NEAR(static_cast<double>(resent_within_a_second(pacer, 250, kStart + kS)), 62'500 + 8'192, 2'500);
  EXPECT_NEAR(static_cast<double>(resent_within_a_second(pacer, 0, kStart + 2 * kS)), 8'192, 1'500);
}

TEST(RetransmissionPacer, RecoversWhenNothingIsAskedFor) {
  RetransmissionPacer pacer;
  resent_within_a_second(pacer, 0, kStart);
  for (int i = 0; i < 300; ++i) pacer.sent(1000);
  EXPECT_GE(resent_within_a_second(pacer, 0, kStart + kS), 65'000U);
  for (int i = 0; i < 100'000; ++i) pacer.sent(1000);
  EXPECT_LE(resent_within_a_second(pacer, 0, kStart + 2 * kS), 65'536U + 10'000) << "it is full, not more";
  EXPECT_GE(resent_within_a_second(pacer, 0, kStart + 3600 * kS), 65'000U) << "time fills it, too";
}

}  // namespace
}  // namespace penstock::sfu
