#include "turn/guard/answer_limiter.h"

#include <gmock/gmock.h>

#include <random>

namespace penstock::turn {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kStart = 1000 * kSecond;
constexpr std::uint64_t kSalt = 0x1234567;
constexpr AnswerRateLimits kRates{.per_v4_address_per_s = 50, .per_v6_network_per_s = 100, .burst_s = 2};
constexpr FloodLimits kNoFloodLimit{.bytes_per_s = 1u << 30, .idle_bytes = 1u << 30, .most_bytes = 1u << 30};
constexpr std::size_t kRequest = 28;
constexpr std::size_t kAnswer = 56;

net::Address v4(std::uint32_t host) {
  return net::Address::v4(0x08000000 + host);
}

/// Requests from `source` in each of `ms` milliseconds; how many were answered.
unsigned answered(AnswerLimiter& limiter, AnswerClass kind, const net::Address& source, unsigned per_ms, unsigned ms,
                  std::uint64_t start = kStart) {
  unsigned count = 0;
  for (unsigned i = 0; i < ms; ++i) {
    for (unsigned j = 0; j < per_ms; ++j) {
      count += limiter.admit(kind, source, kRequest, kAnswer, start + i * kSecond / 1000) == AnswerVerdict::send;
    }
  }
  return count;
}

TEST(AnswerLimiter, ASourceGetsItsRateAndItsBurst) {
  AnswerLimiter limiter(kRates, 1, kSalt, kNoFloodLimit);
  EXPECT_NEAR(answered(limiter, AnswerClass::challenge, v4(1), 5, 10000), 50 * 2 + 50 * 10, 1);
  EXPECT_NEAR(answered(limiter, AnswerClass::challenge, v4(2), 5, 1), 5, 0);
  EXPECT_EQ(answered(limiter, AnswerClass::challenge, v4(1), 3, 1, kStart + 10 * kSecond), 1u);
  EXPECT_EQ(limiter.admit(AnswerClass::challenge, v4(1), kRequest, kAnswer, kStart + 10 * kSecond),
            AnswerVerdict::source_limited);
}

TEST(AnswerLimiter, ClassesDoNotSilenceEachOther) {
  AnswerLimiter limiter(kRates, 1, kSalt, kNoFloodLimit);
  EXPECT_EQ(answered(limiter, AnswerClass::challenge, v4(1), 1000, 1), 100u);
  EXPECT_EQ(answered(limiter, AnswerClass::binding, v4(1), 1000, 1), 400u);
  EXPECT_EQ(answered(limiter, AnswerClass::renewal, v4(1), 1000, 1), 400u);
}

TEST(AnswerLimiter, AnIpv6NetworkIsOneSource) {
  AnswerLimiter limiter(kRates, 1, kSalt, kNoFloodLimit);
  unsigned count = 0;
  for (std::uint8_t host = 0; host < 250; ++host) {
    net::Address a = net::parse_address("2a00::").value();
    a.bytes[15] = host;
    count += answered(limiter, AnswerClass::challenge, a, 4, 1);
  }
  EXPECT_EQ(count, 200u);
  EXPECT_EQ(answered(limiter, AnswerClass::challenge, net::parse_address("2a00:0:0:1::").value(), 500, 1), 200u);
}

TEST(AnswerLimiter, WorkersShareARate) {
  AnswerLimiter limiter(kRates, 4, kSalt, kNoFloodLimit);
  EXPECT_NEAR(answered(limiter, AnswerClass::challenge, v4(1), 5, 10000), (50 * 2 + 50 * 10) / 4, 1);
}

TEST(AnswerLimiter, AReloadChangesTheRate) {
  AnswerLimiter limiter(kRates, 1, kSalt, kNoFloodLimit);
  limiter.set_rates({.per_v4_address_per_s = 5, .per_v6_network_per_s = 5, .burst_s = 2});
  EXPECT_EQ(answered(limiter, AnswerClass::binding, v4(1), 1000, 1), 40u);
  limiter.set_rates({.per_v4_address_per_s = 0, .per_v6_network_per_s = 0, .burst_s = 2});
  EXPECT_EQ(answered(limiter, AnswerClass::binding, v4(1), 1000, 1), 1000u) << "0: no limit";
}

TEST(AnswerLimiter, HundredsOfClientsBehindOneAddressLive) {
  // 400 clients with four sockets each, a Binding every 10 s from each: 160 per second at random moments, for minutes.
  AnswerLimiter limiter(kRates, 1, kSalt);
  std::mt19937 random(3);
  unsigned lost = 0;
  for (unsigned ms = 0; ms < 300'000; ++ms) {
    for (unsigned due = std::poisson_distribution<unsigned>(0.16)(random); due > 0; --due) {
      lost += limiter.admit(AnswerClass::binding, v4(1), 20, 32, kStart + ms * kSecond / 1000) != AnswerVerdict::send;
    }
  }
  EXPECT_EQ(lost, 0u);
}

TEST(AnswerLimiter, ASprayOfSourcesFreesNoVictim) {
  // The victim is spoofed all the time, while 50,000 other sources a second try to displace its entry.
  AnswerLimiter limiter(kRates, 1, kSalt, kNoFloodLimit);
  std::mt19937 random(5);
  unsigned to_victim = 0;
  for (unsigned ms = 0; ms < 5000; ++ms) {
    const std::uint64_t now = kStart + ms * kSecond / 1000;
    for (int i = 0; i < 50; ++i)
      limiter.admit(AnswerClass::challenge, net::Address::v4(static_cast<std::uint32_t>(random())), kRequest, kAnswer,
                    now);
    to_victim += answered(limiter, AnswerClass::challenge, v4(1), 1, 1, now);
  }
  EXPECT_NEAR(to_victim, 50 * 2 + 50 * 5, 2);
}

TEST(AnswerLimiter, ASprayOfSourcesSilencesNobody) {
  // Without a balance: per-source buckets alone must not make a quiet client pay for the spray.
  AnswerLimiter limiter(kRates, 1, kSalt, kNoFloodLimit);
  std::mt19937 random(6);
  for (unsigned ms = 0; ms < 3000; ++ms) {
    const std::uint64_t now = kStart + ms * kSecond / 1000;
    for (int i = 0; i < 300; ++i)
      limiter.admit(AnswerClass::challenge, net::Address::v4(static_cast<std::uint32_t>(random())), kRequest, kAnswer,
                    now);
    if (ms % 100 == 0) {
      EXPECT_EQ(limiter.admit(AnswerClass::challenge, v4(ms), kRequest, kAnswer, now), AnswerVerdict::send) << ms;
    }
  }
}

struct Flood {
  std::size_t sent_bytes = 0;
  std::size_t answered_bytes = 0;
};

/// `per_ms` requests a millisecond, each from the next of `sources`.
Flood flood(AnswerLimiter& limiter, unsigned per_ms, unsigned ms, std::uint32_t sources, AnswerClass kind,
            std::size_t request_bytes, std::size_t answer_bytes) {
  Flood total;
  std::uint32_t next = 0;
  for (unsigned i = 0; i < ms; ++i) {
    for (unsigned j = 0; j < per_ms; ++j) {
      total.sent_bytes += request_bytes;
      const auto source = v4(1 + next++ % sources);
      if (limiter.admit(kind, source, request_bytes, answer_bytes, kStart + i * kSecond / 1000) ==
          AnswerVerdict::send) {
        total.answered_bytes += answer_bytes;
      }
    }
  }
  return total;
}

TEST(AnswerLimiter, AFloodIsAnsweredWithLessThanItSent) {
  for (const std::uint32_t sources : {1u, 16u, 1000u, 20000u, 1u << 24}) {
    for (const unsigned per_ms : {3u, 10u, 100u}) {
      for (const auto& [kind, request, answer] :
           {std::tuple{AnswerClass::challenge, 28u, 68u}, std::tuple{AnswerClass::challenge, 64u, 108u},
            std::tuple{AnswerClass::binding, 20u, 44u}}) {
        AnswerLimiter limiter(kRates, 2, kSalt);
        const Flood result = flood(limiter, per_ms, 2000, sources, kind, request, answer);
        EXPECT_LT(result.answered_bytes, result.sent_bytes)
            << sources << " sources, " << per_ms << " per ms, " << request;
      }
    }
  }
}

TEST(AnswerLimiter, TheBalanceRecoversInStepsOfAnySize) {
  for (const std::uint64_t step : {std::uint64_t{200}, kSecond / 1000, kSecond / 4}) {
    AnswerLimiter limiter(kRates, 1, kSalt,
                          {.bytes_per_s = 1000, .idle_bytes = 500, .most_bytes = 500, .reserve_bytes = 0});
    for (std::uint32_t i = 0; i < 100; ++i) limiter.admit(AnswerClass::challenge, v4(i), 0, 100, kStart);
    // Half a second later five answers are in it again. The polls in between are for one too large to be ever sent.
    for (std::uint64_t t = kSecond / 4; t <= kSecond / 2; t += step) {
      limiter.admit(AnswerClass::challenge, v4(1), 0, 1000, kStart + t);
    }
    unsigned count = 0;
    for (std::uint32_t i = 200; i < 300; ++i) {
      count += limiter.admit(AnswerClass::challenge, v4(i), 0, 100, kStart + kSecond / 2) == AnswerVerdict::send;
    }
    EXPECT_EQ(count, 5u) << step;
  }
}

TEST(AnswerLimiter, ASlowTrickleIsAnsweredInFull) {
  AnswerLimiter limiter(kRates, 1, kSalt);
  unsigned lost = 0;
  for (unsigned i = 0; i < 1000; ++i) {  // 100 new clients a second
    lost += limiter.admit(AnswerClass::challenge, v4(i), 28, 68, kStart + i * kSecond / 100) != AnswerVerdict::send;
  }
  EXPECT_EQ(lost, 0u);
}

TEST(AnswerLimiter, ACrowdThatAuthenticatesIsNoFlood) {
  // 1000 honest clients a second; each comes back with the nonce 100 ms after its challenge.
  AnswerLimiter limiter(kRates, 1, kSalt);
  std::vector<unsigned> due(10'101);
  unsigned lost = 0;
  for (unsigned ms = 0; ms < 10'000; ++ms) {
    if (due[ms] != 0) limiter.allocate_authenticated(140);
    if (limiter.admit(AnswerClass::challenge, v4(ms), 28, 68, kStart + ms * kSecond / 1000) == AnswerVerdict::send) {
      ++due[ms + 100];
    } else {
      ++lost;
    }
  }
  EXPECT_LT(lost, 100u) << "a few, in the first moments; they ask again after half a second";
}

TEST(AnswerLimiter, WhoAsksAgainGetsThroughAFlood) {
  AnswerLimiter limiter(kRates, 1, kSalt);
  std::mt19937 random(9);
  unsigned first_tries = 0, second_tries = 0, clients = 0;
  for (unsigned ms = 0; ms < 10'000; ++ms) {
    const std::uint64_t now = kStart + ms * kSecond / 1000;
    for (int i = 0; i < 20; ++i)
      limiter.admit(AnswerClass::challenge, net::Address::v4(static_cast<std::uint32_t>(random())), 28, 68, now);
    if (ms < 1000 || ms % 100 != 0) continue;
    ++clients;
    const auto client = v4(ms), earlier = v4(ms - 500);
    first_tries += limiter.admit(AnswerClass::challenge, client, 28, 68, now) == AnswerVerdict::send;
    second_tries += limiter.admit(AnswerClass::challenge, earlier, 28, 68, now) == AnswerVerdict::send;
  }
  EXPECT_LT(first_tries, clients / 2);
  EXPECT_GE(second_tries, clients - 5) << "of " << clients;
}

TEST(AnswerLimiter, ProvedAddressesAreNotPartOfTheBalance) {
  AnswerLimiter limiter(kRates, 1, kSalt);
  flood(limiter, 100, 1000, 1 << 24, AnswerClass::challenge, 28, 68);
  const std::uint64_t now = kStart + kSecond;
  EXPECT_EQ(limiter.admit(AnswerClass::challenge, v4(77), 28, 68, now), AnswerVerdict::flood_limited);
  EXPECT_EQ(limiter.admit(AnswerClass::renewal, v4(78), 120, 100, now), AnswerVerdict::send);
}

TEST(AnswerLimiter, IsOfFixedSize) {
  AnswerLimiter limiter(kRates, 1, kSalt);
  EXPECT_EQ(limiter.size_bytes(), 1u << 20);
}

}  // namespace
}  // namespace penstock::turn
