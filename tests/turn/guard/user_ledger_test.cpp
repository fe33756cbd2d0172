#include "turn/guard/user_ledger.h"

#include <gmock/gmock.h>

#include <string>

namespace penstock::turn {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kStart = 1000 * kSecond;

UserId numbered(unsigned i) {
  return user_id("user " + std::to_string(i));
}
ReserveVerdict reserve(UserLedger& ledger, const UserId& user, std::uint64_t now = kStart) {
  const ReserveAnswer answer = ledger.reserve({user, 4711}, now);
  EXPECT_EQ(answer.user, user);
  EXPECT_EQ(answer.cookie, 4711u);
  return answer.verdict;
}

TEST(UserLedger, CountsAllocationsUpToTheQuota) {
  UserLedger ledger(16, {.allocations = 3}, {}, 1);
  const UserId ada = user_id("ada"), bob = user_id("bob");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(reserve(ledger, ada), ReserveVerdict::granted);
  EXPECT_EQ(reserve(ledger, ada), ReserveVerdict::quota_reached);
  EXPECT_EQ(reserve(ledger, bob), ReserveVerdict::granted);
  EXPECT_EQ(ledger.users(), 2u);
  ledger.release({ada, 1}, kStart);
  EXPECT_EQ(reserve(ledger, ada), ReserveVerdict::granted);
  EXPECT_EQ(reserve(ledger, ada), ReserveVerdict::quota_reached);
  ledger.release({ada, 3}, kStart);
  EXPECT_EQ(ledger.allocations(ada), 0u);
  EXPECT_EQ(ledger.users(), 1u);
}

TEST(UserLedger, WithoutAQuotaItOnlyCounts) {
  UserLedger ledger(16, {}, {}, 1);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(reserve(ledger, user_id("ada")), ReserveVerdict::granted);
  EXPECT_EQ(ledger.allocations(user_id("ada")), 1000u);
  EXPECT_EQ(ledger.users(), 1u);
}

TEST(UserLedger, ReleasingTooMuchOrAStrangerDoesNoHarm) {
  UserLedger ledger(16, {.allocations = 2}, {}, 1);
  ledger.release({user_id("nobody we know"), 1}, kStart);
  EXPECT_EQ(reserve(ledger, user_id("ada")), ReserveVerdict::granted);
  ledger.release({user_id("ada"), 100}, kStart);
  ledger.release({user_id("ada"), 1}, kStart);
  EXPECT_EQ(ledger.users(), 0u);
  EXPECT_EQ(reserve(ledger, user_id("ada")), ReserveVerdict::granted);
  EXPECT_EQ(ledger.allocations(user_id("ada")), 1u);
}

TEST(UserLedger, EverybodyIsCountedAgainstTheTotal) {
  UserLedger ledger(2, {.allocations = 1}, {.allocations = 5}, 1);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reserve(ledger, kEverybody), ReserveVerdict::granted);
  EXPECT_EQ(reserve(ledger, kEverybody), ReserveVerdict::quota_reached);
  EXPECT_EQ(ledger.users(), 0u);
  ledger.release({kEverybody, 5}, kStart);
  EXPECT_EQ(reserve(ledger, kEverybody), ReserveVerdict::granted);
  EXPECT_EQ(ledger.allocations(kEverybody), 1u);
}

TEST(UserLedger, AFullTableRefusesAndRecovers) {
  UserLedger ledger(100, {}, {}, 1);
  for (unsigned i = 0; i < 100; ++i) EXPECT_EQ(reserve(ledger, numbered(i)), ReserveVerdict::granted);
  EXPECT_EQ(reserve(ledger, numbered(100)), ReserveVerdict::table_full);
  EXPECT_EQ(reserve(ledger, numbered(7)), ReserveVerdict::granted) << "known users are not affected";
  ledger.release({numbered(50), 1}, kStart);
  EXPECT_EQ(reserve(ledger, numbered(100)), ReserveVerdict::granted);
}

TEST(UserLedger, ManyUsersComeAndGo) {
  UserLedger ledger(64, {.allocations = 2, .to_peer_bits_per_s = 1'000'000}, {}, 99);
  for (unsigned i = 0; i < 100'000; ++i) {
    const std::uint64_t now = kStart + i * (kSecond / 100);
    ASSERT_EQ(reserve(ledger, numbered(i), now), ReserveVerdict::granted) << i;
    // They still owe when they end, so nothing is forgotten at once.
    if (i >= 10) ledger.release({numbered(i - 10), 1}, now);
  }
  EXPECT_EQ(ledger.users(), 10u);
}

TEST(UserLedger, ANewLimitHoldsForWhatComesNext) {
  UserLedger ledger(16, {.allocations = 3}, {}, 1);
  const UserId ada = user_id("ada");
  for (int i = 0; i < 3; ++i) reserve(ledger, ada);
  ledger.set_limits({.allocations = 1}, {});
  EXPECT_EQ(ledger.allocations(ada), 3u);
  ledger.release({ada, 2}, kStart);
  EXPECT_EQ(reserve(ledger, ada), ReserveVerdict::quota_reached);
  ledger.set_limits({}, {});
  EXPECT_EQ(reserve(ledger, ada), ReserveVerdict::granted);
}

TEST(UserLedger, LeasesInAdvanceAtTheRate) {
  UserLedger ledger(16, {.to_peer_bits_per_s = 8'000'000}, {}, 1);  // 1 MB/s, depth 250 KB, a quarter of it at start
  const UserId ada = user_id("ada");
  reserve(ledger, ada);
  const auto lease = [&](std::uint64_t bytes, std::uint64_t now) {
    const LeaseGrant grant = ledger.lease({ada, bytes, 10, Direction::to_peer}, now);
    EXPECT_EQ(grant.bytes, bytes);
    EXPECT_EQ(grant.packets, 10u);
    return grant.usable_from_ns;
  };
  EXPECT_EQ(lease(62'500, kStart), 0u);
  EXPECT_EQ(lease(31'250, kStart), kStart + 31'250'000);
  EXPECT_EQ(lease(31'250, kStart), kStart + 62'500'000);
  // After a second of silence the bucket is full, not fuller.
  EXPECT_EQ(lease(250'000, kStart + 2 * kSecond), 0u);
  EXPECT_EQ(lease(1'000, kStart + 2 * kSecond), kStart + 2 * kSecond + 1'000'000);
  // The other direction has no limit.
  EXPECT_EQ(ledger.lease({ada, 1u << 30, 1u << 20, Direction::to_client}, kStart).usable_from_ns, 0u);
}

TEST(UserLedger, EndingAnAllocationDoesNotRefillABucket) {
  UserLedger ledger(16, {.to_peer_bits_per_s = 8'000'000}, {}, 1);
  const UserId ada = user_id("ada");
  reserve(ledger, ada);
  ledger.lease({ada, 500'000, 0, Direction::to_peer}, kStart);
  ledger.release({ada, 1}, kStart);
  EXPECT_EQ(ledger.users(), 0u);
  reserve(ledger, ada);
  EXPECT_GT(ledger.lease({ada, 1'000, 0, Direction::to_peer}, kStart).usable_from_ns, kStart + kSecond / 4);
}

TEST(UserLedger, HomesAreSpreadAndEverybodyLivesAtWorkerZero) {
  std::array<unsigned, 4> homes{};
  for (unsigned i = 0; i < 4000; ++i) ++homes[home_worker(numbered(i), 4)];
  EXPECT_THAT(homes, testing::Each(testing::AllOf(testing::Gt(900u), testing::Lt(1100u))));
  EXPECT_EQ(home_worker(kEverybody, 4), 0u);
}

}  // namespace
}  // namespace penstock::turn
