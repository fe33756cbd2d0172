#pragma once
// A worker's share of a user's rates: what it was leased, spent packet by packet.

#include <cstddef>
#include <cstdint>

#include "turn/guard/quota_messages.h"
#include "turn/guard/rate_plan.h"
#include "turn/index_table.h"
#include "turn/pool.h"

namespace penstock::turn {

/// One user on one worker, shared by all its allocations there; or everybody on one worker, for the total limits. A
/// packet costs a load, a compare and two subtractions.
///
/// For each packet: `spend`; then, or once per burst, if `wants_lease`: send `lease_request` to the user's home, whose
/// answer goes to `grant`. Where no limit is set `spend` always passes and a lease is never wanted.
///
/// A share starts with one lease on trust, so that first packets need not wait for the home; it is wanted at once, and
/// the first request books it.
class alignas(64) UserShare {
 public:
  /// For user `user`.
  void start(const UserId& user, const RatePlan& plan);
  /// After a reload. What is leased stays spendable.
  void set_plan(const RatePlan& plan);

  const UserId& user() const { return user_; }

  /// Whether a packet of so many bytes of IP payload may pass; if so it has been charged.
  bool spend(Direction direction, std::uint32_t bytes, std::uint64_t now_ns) {
    Meter& meter = meters_[static_cast<std::size_t>(direction)];
    if (!meter.limited) return true;
    if (!meter.covers(bytes) && !meter.take_up(bytes, now_ns)) return false;
    meter.bytes -= bytes;
    meter.packets -= 1;
    return true;
  }

  /// Whether little is left and nothing is on its way.
  bool wants_lease(Direction direction) const {
    const Meter& meter = meters_[static_cast<std::size_t>(direction)];
    return meter.limited && !meter.asked &&
           (meter.bytes < meter.low_bytes || meter.packets < meter.low_packets || meter.owes());
  }
  /// What to ask for; until `grant` no other lease is wanted.
  LeaseRequest lease_request(Direction direction);
  /// The request could not be sent after all: it will be wanted again.
  void lease_request_lost(Direction direction);
  /// A grant for this user.
  void grant(const LeaseGrant& grant);

 private:
  /// What every packet needs comes first.
  struct Meter {
    std::int64_t bytes;
    std::int64_t packets;
    std::int64_t low_bytes;  ///< more is wanted below this
    std::int64_t low_packets;
    std::int64_t trusted_bytes;  ///< had before they were leased
    std::int64_t trusted_packets;
    bool limited;
    bool asked;
    std::int64_t full_bytes;  ///< as much is wanted as makes this; 0: unlimited
    std::int64_t full_packets;
    std::uint64_t usable_from_ns;  ///< of what was granted for later; 0: nothing was
    std::uint64_t later_bytes;
    std::uint64_t later_packets;

    bool covers(std::uint32_t size) const { return bytes >= size && packets >= 1; }
    bool owes() const { return trusted_bytes != 0 || trusted_packets != 0; }
    bool take_up(std::uint32_t size, std::uint64_t now_ns);
    void add(std::uint64_t more_bytes, std::uint64_t more_packets);
  };

  friend class UserShares;
  Meter meters_[kDirections];
  UserId user_;
  std::uint32_t references_;

 public:
  std::uint32_t next;  ///< the pool's
};
static_assert(sizeof(UserShare) == 256);

/// All shares of one worker.
class UserShares {
 public:
  /// `capacity`: users with allocations on this worker, so its allocations are always enough. `salt`: random.
  UserShares(std::uint32_t capacity, const UserLimits& limits, std::uint64_t salt);

  /// The user's share, one reference more; kNone when the table is full.
  std::uint32_t acquire(const UserId& user);
  /// One reference less; the last one ends the share.
  void release(std::uint32_t index);
  UserShare& operator[](std::uint32_t index) { return pool_[index]; }

  /// For a grant; kNone when the user has no share here any more, and the grant is lost.
  std::uint32_t find(const UserId& user) const;

  /// Whether rates are limited at all: if not, packets need not be metered.
  bool limited() const { return plan_.limited(); }
  /// After a reload.
  void set_limits(const UserLimits& limits);

 private:
  RatePlan plan_;
  std::uint64_t salt_;
  Pool<UserShare> pool_;
  IndexTable table_;
};

}  // namespace penstock::turn
