#include "turn/guard/user_ledger.h"

#include <algorithm>

namespace penstock::turn {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
/// Looked at when a user is added, so that users without allocations never outnumber a fraction of the others.
constexpr unsigned kSweepSteps = 4;
/// And when there is no room left.
constexpr unsigned kSweepStepsWhenFull = 64;

__extension__ using Uint128 = unsigned __int128;

std::uint64_t time_for_ns(std::uint64_t tokens, const TokenRate& rate) {
  return static_cast<std::uint64_t>(Uint128{tokens} * kNsPerSecond / rate.per_s);
}

}  // namespace

UserLedger::UserLedger(std::uint32_t users, const UserLimits& user_limits, const TotalLimits& total_limits,
                       std::uint64_t salt)
    : salt_(salt), pool_(users), table_(users) {
  set_limits(user_limits, total_limits);
}

void UserLedger::set_limits(const UserLimits& user_limits, const TotalLimits& total_limits) {
  user_plan_ = rate_plan(user_limits);
  total_plan_ = rate_plan(total_limits);
  user_limit_ = user_limits.allocations;
  total_limit_ = total_limits.allocations;
}

ReserveAnswer UserLedger::reserve(const Reserve& request, std::uint64_t now_ns) {
  ReserveAnswer answer{request.user, request.cookie, ReserveVerdict::granted};
  Entry* entry = find_or_add(request.user, now_ns);
  if (entry == nullptr) {
    answer.verdict = ReserveVerdict::table_full;
    return answer;
  }
  const std::uint32_t most = limit(request.user);
  if (most != 0 && std::uint64_t{entry->allocations} + request.allocations > most) {
    answer.verdict = ReserveVerdict::quota_reached;
    return answer;
  }
  if (entry->allocations == 0 && request.user != kEverybody) ++users_;
  entry->allocations += request.allocations;
  return answer;
}

void UserLedger::release(const Release& release, std::uint64_t now_ns) {
  Entry* entry = find(release.user);
  if (entry == nullptr || entry->allocations == 0) return;
  entry->allocations -= std::min(entry->allocations, release.allocations);
  if (entry->allocations != 0 || release.user == kEverybody) return;
  --users_;
  if (is_idle(*entry, now_ns)) forget(*entry);
}

LeaseGrant UserLedger::lease(const LeaseRequest& request, std::uint64_t now_ns) {
  LeaseGrant grant{request.user, request.bytes, request.packets, 0, request.direction};
  Entry* entry = find_or_add(request.user, now_ns);
  if (entry == nullptr) return grant;
  const DirectionRates& rates = plan(request.user)[request.direction];
  DirectionBuckets& buckets = entry->directions[static_cast<std::size_t>(request.direction)];
  grant.usable_from_ns = std::max(take(buckets.bytes, request.bytes, rates.bytes, now_ns),
                                  take(buckets.packets, request.packets, rates.packets, now_ns));
  return grant;
}

/// Generic cell rate: the tokens are taken now and may be spent once no more than a bucket's depth is owed.
std::uint64_t UserLedger::take(Bucket& bucket, std::uint64_t tokens, const TokenRate& rate, std::uint64_t now_ns) {
  if (!rate.limited()) return 0;
  bucket.full_at_ns = std::max(bucket.full_at_ns, now_ns) + time_for_ns(tokens, rate);
  const std::uint64_t depth_ns = time_for_ns(rate.depth, rate);
  return bucket.full_at_ns <= now_ns + depth_ns ? 0 : bucket.full_at_ns - depth_ns;
}

std::uint32_t UserLedger::allocations(const UserId& user) const {
  const Entry* entry = const_cast<UserLedger*>(this)->find(user);
  return entry == nullptr ? 0 : entry->allocations;
}

UserLedger::Entry* UserLedger::find(const UserId& user) {
  if (user == kEverybody) return everybody_.user == user ? &everybody_ : nullptr;
  const std::uint32_t index = table_.find(hash(user, salt_), [&](std::uint32_t i) { return pool_[i].user == user; });
  return index == kNone ? nullptr : &pool_[index];
}

UserLedger::Entry* UserLedger::find_or_add(const UserId& user, std::uint64_t now_ns) {
  if (Entry* entry = find(user)) return entry;
  Entry* entry = &everybody_;
  if (user != kEverybody) {
    forget_some_idle(now_ns, pool_.full() ? kSweepStepsWhenFull : kSweepSteps);
    const std::uint32_t index = pool_.take();
    if (index == kNone) return nullptr;
    table_.insert(hash(user, salt_), index);
    entry = &pool_[index];
    entry->index = index;
  }
  entry->user = user;
  entry->allocations = 0;
  for (std::size_t d = 0; d < kDirections; ++d) {
    const DirectionRates& rates = plan(user).directions[d];
    entry->directions[d] = {started(rates.bytes, now_ns), started(rates.packets, now_ns)};
  }
  return entry;
}

/// A quarter full: enough to begin with, and over its first seconds a user gets little more than its rate.
UserLedger::Bucket UserLedger::started(const TokenRate& rate, std::uint64_t now_ns) {
  return {rate.limited() ? now_ns + time_for_ns(rate.depth, rate) / 4 * 3 : 0};
}

bool UserLedger::is_idle(const Entry& entry, std::uint64_t now_ns) {
  const auto full = [&](const DirectionBuckets& b) {
    return b.bytes.full_at_ns <= now_ns && b.packets.full_at_ns <= now_ns;
  };
  return entry.allocations == 0 && std::ranges::all_of(entry.directions, full);
}

void UserLedger::forget(Entry& entry) {
  table_.erase(hash(entry.user, salt_), entry.index);
  entry.user = {};
  pool_.give(entry.index);
}

void UserLedger::forget_some_idle(std::uint64_t now_ns, unsigned steps) {
  const std::uint32_t end = pool_.ever_taken();
  for (unsigned i = 0; i < steps && end != 0; ++i) {
    sweep_ = sweep_ + 1 < end ? sweep_ + 1 : 0;
    Entry& entry = pool_[sweep_];
    if (!entry.user.is_nobody() && is_idle(entry, now_ns)) forget(entry);
  }
}

}  // namespace penstock::turn
