#include "turn/guard/user_share.h"

#include <gmock/gmock.h>

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "turn/guard/user_ledger.h"
#include "turn/guard/user_shares.h"

namespace penstock::turn {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMicrosecond = 1'000;
constexpr std::uint64_t kStart = 1000 * kSecond;
const UserId kAda = user_id("ada");

/// A user's home and its shares on several workers, with mailboxes that take their time.
class Workers {
 public:
  Workers(unsigned workers, const UserLimits& limits, std::uint64_t mailbox_ns)
      : ledger_(16, limits, {}, 1), shares_(workers), mailbox_ns_(mailbox_ns) {
    ledger_.reserve({kAda, 0}, kStart);
    for (UserShare& share : shares_) share.start(kAda, rate_plan(limits));
  }

  bool send(std::size_t worker, Direction direction, std::uint32_t bytes, std::uint64_t now) {
    deliver(now);
    UserShare& share = shares_[worker];
    const bool passed = share.spend(direction, bytes, now);
    if (share.wants_lease(direction)) {
      ++requests;
      mail_.push_back(
          {now + 2 * mailbox_ns_, worker, ledger_.lease(share.lease_request(direction), now + mailbox_ns_)});
    }
    return passed;
  }

  UserLedger& ledger() { return ledger_; }
  UserShare& share(std::size_t worker) { return shares_[worker]; }
  unsigned requests = 0;

 private:
  struct Mail {
    std::uint64_t arrives;
    std::size_t worker;
    LeaseGrant grant;
  };
  void deliver(std::uint64_t now) {
    for (; !mail_.empty() && mail_.front().arrives <= now; mail_.pop_front()) {
      shares_[mail_.front().worker].grant(mail_.front().grant);
    }
  }

  UserLedger ledger_;
  std::vector<UserShare> shares_;
  std::deque<Mail> mail_;
  std::uint64_t mailbox_ns_;
};

struct Passed {
  double bytes = 0;
  double packets = 0;
};

/// Packets of `bytes` at twice the rate of `limit_bytes_per_s`, dealt out to the workers by `share_of_first`.
Passed overload(Workers& workers, unsigned count, double seconds, std::uint32_t bytes, double packets_per_s,
                double share_of_first = 0.5) {
  Passed passed;
  double to_first = 0;
  for (double t = 0; t < seconds; t += 1 / packets_per_s) {
    std::size_t worker = 0;
    if (count > 1) {
      to_first += share_of_first;
      worker = to_first >= 1 ? 0 : 1;
      if (worker == 0) to_first -= 1;
    }
    if (workers.send(worker, Direction::to_peer, bytes, kStart + static_cast<std::uint64_t>(t * 1e9))) {
      passed.bytes += bytes;
      passed.packets += 1;
    }
  }
  return passed;
}

TEST(UserShare, HoldsABitRateWithinTwoPercentOverFiveSeconds) {
  for (const unsigned workers : {1u, 2u}) {
    for (const double mbit_per_s : {0.5, 1.0, 8.0, 100.0}) {
      for (const double share_of_first : {0.5, 0.9}) {
        for (const std::uint64_t mailbox : {1 * kMicrosecond, 1000 * kMicrosecond}) {
          const UserLimits limits{.to_peer_bits_per_s = static_cast<std::uint64_t>(mbit_per_s * 1e6)};
          Workers all(workers, limits, mailbox);
          const double bytes_per_s = mbit_per_s * 1e6 / 8;
          const Passed passed = overload(all, workers, 5, 1000, 4 * bytes_per_s / 1000, share_of_first);
          EXPECT_NEAR(passed.bytes / 5 / bytes_per_s, 1.0, 0.02)
              << workers << " workers, " << mbit_per_s << " Mbit/s, " << share_of_first << ", mailbox " << mailbox;
          EXPECT_LT(all.requests, 5 * 2 * 100u * workers) << "no storm of lease requests";
        }
      }
    }
  }
}

TEST(UserShare, HoldsAPacketRateWithinTwoPercentOverFiveSeconds) {
  for (const unsigned workers : {1u, 2u}) {
    for (const double packets_per_s : {1000.0, 50'000.0}) {
      Workers all(workers, {.to_peer_packets_per_s = static_cast<std::uint64_t>(packets_per_s)}, 50 * kMicrosecond);
      const Passed passed = overload(all, workers, 5, 60, 3 * packets_per_s);
      EXPECT_NEAR(passed.packets / 5 / packets_per_s, 1.0, 0.02) << workers << " workers, " << packets_per_s;
    }
  }
}

TEST(UserShare, TheNarrowerOfTwoLimitsHolds) {
  const UserLimits limits{.to_peer_bits_per_s = 8'000'000, .to_peer_packets_per_s = 5000};
  Workers small(1, limits, kMicrosecond);
  EXPECT_NEAR(overload(small, 1, 5, 100, 20'000).packets / 5, 5000, 100);
  Workers large(1, limits, kMicrosecond);
  EXPECT_NEAR(overload(large, 1, 5, 1000, 20'000).bytes / 5, 1'000'000, 20'000);
}

TEST(UserShare, BelowTheLimitNothingIsDropped) {
  for (const unsigned workers : {1u, 2u}) {
    Workers all(workers, {.to_peer_bits_per_s = 8'000'000, .to_peer_packets_per_s = 1000}, 200 * kMicrosecond);
    EXPECT_NEAR(overload(all, workers, 5, 1000, 900).packets, 4500, 1) << "from the first one on";
  }
}

TEST(UserShare, AKeyFramePassesWhole) {
  // 4 Mbit/s; 1.5 Mbit/s of video, then 100 KB in 1200-byte packets within 10 ms.
  Workers all(1, {.to_client_bits_per_s = 4'000'000}, 20 * kMicrosecond);
  for (unsigned ms = 0; ms < 1000; ms += 6) {
    all.send(0, Direction::to_client, 1200, kStart + ms * kSecond / 1000);
  }
  unsigned passed = 0;
  for (unsigned i = 0; i < 84; ++i) {
    passed += all.send(0, Direction::to_client, 1200, kStart + kSecond + i * 120 * kMicrosecond);
  }
  EXPECT_EQ(passed, 84u);
}

TEST(UserShare, DirectionsAreMeteredApart) {
  Workers all(1, {.to_peer_bits_per_s = 80'000}, kMicrosecond);
  overload(all, 1, 1, 1000, 1000);
  EXPECT_FALSE(all.send(0, Direction::to_peer, 1000, kStart + kSecond));
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(all.send(0, Direction::to_client, 1000, kStart + kSecond));
}

TEST(UserShare, WithoutLimitsAllPassesAndNothingIsAsked) {
  Workers all(1, {}, kMicrosecond);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(all.send(0, Direction::to_peer, 65507, kStart));
  EXPECT_EQ(all.requests, 0u);
}

TEST(UserShare, APacketLargerThanALeaseGetsThroughInTime) {
  Workers all(1, {.to_peer_bits_per_s = 64'000}, kMicrosecond);  // 8 KB/s; a lease is 2 KB
  unsigned passed = 0;
  for (unsigned ms = 0; ms < 20'000; ++ms)
    passed += all.send(0, Direction::to_peer, 20'000, kStart + ms * kSecond / 1000);
  EXPECT_NEAR(passed, 8, 1);
}

TEST(UserShare, AReloadTakesEffect) {
  UserLimits limits{.to_peer_bits_per_s = 8'000'000};
  Workers all(1, limits, kMicrosecond);
  overload(all, 1, 1, 1000, 4000);
  all.share(0).set_plan(rate_plan(UserLimits{}));
  EXPECT_TRUE(all.send(0, Direction::to_peer, 60'000, kStart + kSecond));
  EXPECT_TRUE(all.send(0, Direction::to_peer, 60'000, kStart + kSecond));

  limits = {.to_peer_packets_per_s = 100};
  all.share(0).set_plan(rate_plan(limits));
  all.ledger().set_limits(limits, {});
  unsigned passed = 0;
  for (unsigned ms = 0; ms < 5000; ++ms) {
    passed += all.send(0, Direction::to_peer, 60'000, kStart + kSecond + ms * kSecond / 1000);
  }
  EXPECT_NEAR(passed, 500 + 25, 10) << "the rate, and the depth of a bucket that nobody had used";
}

TEST(UserShare, ALostRequestIsAskedAgain) {
  UserShare share;
  share.start(kAda, rate_plan(UserLimits{.to_peer_bits_per_s = 8'000'000}));
  ASSERT_TRUE(share.wants_lease(Direction::to_peer));
  share.lease_request(Direction::to_peer);
  EXPECT_FALSE(share.wants_lease(Direction::to_peer));
  share.lease_request_lost(Direction::to_peer);
  EXPECT_TRUE(share.wants_lease(Direction::to_peer));
}

TEST(UserShare, EverybodyTogether) {
  const TotalLimits limits{.bits_per_s = 8'000'000};
  UserLedger ledger(16, {}, limits, 1);
  UserShare share;
  share.start(kEverybody, rate_plan(limits));
  double passed_bytes = 0;
  for (unsigned i = 0; i < 20'000; ++i) {
    const std::uint64_t now = kStart + i * kSecond / 4000;
    if (share.spend(Direction::to_peer, 1000, now)) passed_bytes += 1000;
    if (share.wants_lease(Direction::to_peer)) share.grant(ledger.lease(share.lease_request(Direction::to_peer), now));
  }
  EXPECT_NEAR(passed_bytes / 5 / 1'000'000, 1.0, 0.02);
}

TEST(UserShares, AllocationsOfAUserShareAndTheLastOneEndsIt) {
  UserShares shares(2, {.to_peer_bits_per_s = 8'000'000}, 7);
  EXPECT_TRUE(shares.limited());
  const std::uint32_t ada = shares.acquire(kAda, "ada");
  ASSERT_NE(ada, kNone);
  EXPECT_EQ(shares.acquire(kAda, "ada"), ada);
  EXPECT_EQ(shares.find(kAda), ada);
  EXPECT_EQ(shares[ada].user(), kAda);
  const std::uint32_t bob = shares.acquire(user_id("bob"), "bob");
  EXPECT_NE(bob, ada);
  EXPECT_EQ(shares.acquire(user_id("eve"), "eve"), kNone);
  shares.release(ada);
  EXPECT_EQ(shares.find(kAda), ada);
  shares.release(ada);
  EXPECT_EQ(shares.find(kAda), kNone);
  EXPECT_NE(shares.acquire(user_id("eve"), "eve"), kNone);
}

TEST(UserShare, APacketThatWasNotLetThroughCostsNothing) {
  UserShare share;
  share.start(kAda, rate_plan(UserLimits{.to_peer_bits_per_s = 8'000'000}));  // a lease is 31,250 bytes
  ASSERT_TRUE(share.spend(Direction::to_peer, 31'250, kStart));
  EXPECT_FALSE(share.spend(Direction::to_peer, 1, kStart));
  share.give_back(Direction::to_peer, 31'250);
  EXPECT_TRUE(share.spend(Direction::to_peer, 31'250, kStart));
}

TEST(UserShares, KeepANameOfUpTo124BytesForAllAllocationsOfItsUser) {
  UserShares shares(2, {}, 7);
  const std::string longest(124, 'x');
  for (const std::string& name : {std::string(), std::string("ada"), std::string(39, 'y'), longest, longest + "z"}) {
    const std::uint32_t index = shares.acquire(user_id(name), name);
    std::array<char, UserShares::kNameBytes> kept{};
    const std::size_t size = shares.copy_name(index, kept);
    EXPECT_EQ(std::string_view(kept.data(), size), std::string_view(name).substr(0, 124));
    shares.release(index);
  }
}

TEST(UserShares, WhoTakesAnEntryOverWhileNothingIsLimitedIsMeteredUnderHisOwnName) {
  UserShares shares(1, {}, 7);
  std::uint32_t index = shares.acquire(kAda, "ada");
  EXPECT_TRUE(shares[index].spend(Direction::to_peer, 1000, kStart));
  shares.release(index);
  index = shares.acquire(user_id("bob"), "bob");
  shares.set_limits({.to_peer_bits_per_s = 8'000'000});
  EXPECT_EQ(shares[index].user(), user_id("bob"));
  EXPECT_FALSE(shares[index].spend(Direction::to_peer, 31'251, kStart));
}

TEST(UserShare, WhatItHadOnTrustIsPaidForWithTheFirstLease) {
  UserShare share;
  share.start(kAda, rate_plan(UserLimits{.to_peer_bits_per_s = 8'000'000}));  // a lease is 31,250 bytes
  EXPECT_TRUE(share.spend(Direction::to_peer, 20'000, kStart));
  ASSERT_TRUE(share.wants_lease(Direction::to_peer));
  const LeaseRequest request = share.lease_request(Direction::to_peer);
  EXPECT_EQ(request.bytes, 31'250u + 20'000u);
  EXPECT_TRUE(share.spend(Direction::to_peer, 11'250, kStart)) << "while the request is on its way";
  EXPECT_FALSE(share.spend(Direction::to_peer, 1, kStart));
  share.grant({kAda, request.bytes, request.packets, 0, Direction::to_peer});
  EXPECT_TRUE(share.spend(Direction::to_peer, 20'000, kStart));
  EXPECT_FALSE(share.spend(Direction::to_peer, 1, kStart));
}

TEST(UserShares, ANewShareStartsWithOneLeaseOnly) {
  UserShares shares(1, {.to_peer_bits_per_s = 8'000'000}, 7);
  std::uint32_t index = shares.acquire(kAda, "ada");
  shares[index].grant({kAda, 100'000, 0, 0, Direction::to_peer});
  EXPECT_TRUE(shares[index].spend(Direction::to_peer, 1000, kStart));
  shares.release(index);
  index = shares.acquire(user_id("bob"), "bob");
  EXPECT_FALSE(shares[index].spend(Direction::to_peer, 31'251, kStart));
  EXPECT_TRUE(shares[index].spend(Direction::to_peer, 31'250, kStart));
  EXPECT_FALSE(shares[index].spend(Direction::to_peer, 1000, kStart));
  shares.set_limits({});
  EXPECT_FALSE(shares.limited());
  EXPECT_TRUE(shares[index].spend(Direction::to_peer, 1000, kStart));
}

}  // namespace
}  // namespace penstock::turn
