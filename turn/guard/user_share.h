#pragma once
// A worker's share of a user's rates: what it was leased, spent packet by packet.

#include <cstddef>
#include <cstdint>

#include "turn/guard/quota_messages.h"
#include "turn/guard/rate_plan.h"

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
  /// Takes back what `spend` has charged for a packet that was not let through after all.
  void give_back(Direction direction, std::uint32_t bytes) {
    Meter& meter = meters_[static_cast<std::size_t>(direction)];
    if (!meter.limited) return;
    meter.bytes += bytes;
    meter.packets += 1;
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
  std::uint64_t limits_;  ///< the UserShares': which limits these are
};
static_assert(sizeof(UserShare) == 256);

}  // namespace penstock::turn
