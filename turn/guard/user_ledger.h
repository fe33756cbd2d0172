#pragma once
// The one place where a user is counted (DESIGN decision 8): every worker keeps the ledger of the users whose home it
// is; worker 0 that of everybody, too.

#include <cstddef>
#include <cstdint>

#include "turn/guard/quota_messages.h"
#include "turn/guard/rate_plan.h"
#include "turn/index_table.h"
#include "turn/pool.h"
#include "turn/settings.h"

namespace penstock::turn {

/// Counts allocations and lends out rates. A user is known from its first granted reservation until its last release,
/// and as long after as it owes traffic, so that ending an allocation does not refill a bucket.
class UserLedger {
 public:
  /// `users`: how many can be counted at once, memory is touched as they come. `salt`: random.
  UserLedger(std::uint32_t users, const UserLimits& user_limits, const TotalLimits& total_limits, std::uint64_t salt);

  /// After a reload. Users above a new limit keep what they have.
  void set_limits(const UserLimits& user_limits, const TotalLimits& total_limits);

  /// A retransmitted Allocate must not come here twice: the caller remembers what it asked.
  ReserveAnswer reserve(const Reserve& request, std::uint64_t now_ns);
  /// More than was reserved counts as all of it.
  void release(const Release& release, std::uint64_t now_ns);
  /// Always granted in full, maybe for later.
  LeaseGrant lease(const LeaseRequest& request, std::uint64_t now_ns);

  /// Users with at least one allocation; everybody is none of them.
  std::uint32_t users() const { return users_; }
  std::uint32_t allocations(const UserId& user) const;

 private:
  /// When a bucket is full again; now or earlier: it is full.
  struct Bucket {
    std::uint64_t full_at_ns;
  };
  struct DirectionBuckets {
    Bucket bytes;
    Bucket packets;
  };
  struct alignas(64) Entry {
    UserId user;  ///< nobody: free
    DirectionBuckets directions[kDirections];
    std::uint32_t allocations;
    std::uint32_t index;  ///< its own
    std::uint32_t next;   ///< the pool's
  };
  static_assert(sizeof(Entry) == 64);

  Entry* find(const UserId& user);
  Entry* find_or_add(const UserId& user, std::uint64_t now_ns);
  static Bucket started(const TokenRate& rate, std::uint64_t now_ns);
  /// When the tokens may be spent; 0: at once.
  static std::uint64_t take(Bucket& bucket, std::uint64_t tokens, const TokenRate& rate, std::uint64_t now_ns);
  static bool is_idle(const Entry& entry, std::uint64_t now_ns);
  void forget(Entry& entry);
  void forget_some_idle(std::uint64_t now_ns, unsigned steps);
  const RatePlan& plan(const UserId& user) const { return user == kEverybody ? total_plan_ : user_plan_; }
  std::uint32_t limit(const UserId& user) const { return user == kEverybody ? total_limit_ : user_limit_; }

  RatePlan user_plan_;
  RatePlan total_plan_;
  std::uint32_t user_limit_ = 0;
  std::uint32_t total_limit_ = 0;
  std::uint64_t salt_;
  std::uint32_t users_ = 0;
  std::uint32_t sweep_ = 0;
  Entry everybody_{};
  Pool<Entry> pool_;
  IndexTable table_;
};

}  // namespace penstock::turn
