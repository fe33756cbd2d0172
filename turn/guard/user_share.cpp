#include "turn/guard/user_share.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace penstock::turn {
namespace {

/// Stands for an unlimited amount; 4 EiB are not spent in a lifetime.
constexpr std::int64_t kPlenty = std::int64_t{1} << 62;

/// What is left, and the marks at which more is wanted and up to which it is asked for.
struct Level {
  std::int64_t& left;
  std::int64_t& low;
  std::int64_t& full;
  std::int64_t& trusted;
};

void set_rate(const Level& level, const TokenRate& rate) {
  const bool was_limited = level.full != 0;
  if (!rate.limited()) {
    level.left = kPlenty;
    level.low = std::numeric_limits<std::int64_t>::min();
    level.full = 0;
    level.trusted = 0;
    return;
  }
  level.full = static_cast<std::int64_t>(rate.chunk);
  level.low = level.full / 2;
  if (!was_limited) level.left = level.trusted = level.full;
}

/// What was had on trust, and what makes the level full.
std::uint64_t wanted(const Level& level) {
  return static_cast<std::uint64_t>(level.trusted +
                                    std::max<std::int64_t>(std::max(level.low, level.full) - level.left, 0));
}

}  // namespace

/// Out of the fast path: takes up what was granted for later if its time has come. Otherwise the packet is dropped, and
/// no less than its size asked for next.
bool UserShare::Meter::take_up(std::uint32_t size, std::uint64_t now_ns) {
  if (usable_from_ns != 0 && now_ns >= usable_from_ns) {
    add(later_bytes, later_packets);
    usable_from_ns = 0;
    asked = false;
  }
  if (covers(size)) return true;
  low_bytes = std::max<std::int64_t>(low_bytes, size);
  low_packets = std::max<std::int64_t>(low_packets, 1);
  return false;
}

/// What was had on trust is part of the grant. It may come after a limit was lifted: for what is not counted any more.
void UserShare::Meter::add(std::uint64_t more_bytes, std::uint64_t more_packets) {
  if (full_bytes != 0) bytes += static_cast<std::int64_t>(more_bytes) - std::exchange(trusted_bytes, 0);
  if (full_packets != 0) packets += static_cast<std::int64_t>(more_packets) - std::exchange(trusted_packets, 0);
}

void UserShare::start(const UserId& user, const RatePlan& plan) {
  *this = UserShare{};
  user_ = user;
  set_plan(plan);
}

void UserShare::set_plan(const RatePlan& plan) {
  for (std::size_t d = 0; d < kDirections; ++d) {
    Meter& meter = meters_[d];
    const DirectionRates& rates = plan.directions[d];
    meter.limited = rates.limited();
    set_rate({meter.bytes, meter.low_bytes, meter.full_bytes, meter.trusted_bytes}, rates.bytes);
    set_rate({meter.packets, meter.low_packets, meter.full_packets, meter.trusted_packets}, rates.packets);
  }
}

LeaseRequest UserShare::lease_request(Direction direction) {
  Meter& meter = meters_[static_cast<std::size_t>(direction)];
  meter.asked = true;
  return {user_, wanted({meter.bytes, meter.low_bytes, meter.full_bytes, meter.trusted_bytes}),
          wanted({meter.packets, meter.low_packets, meter.full_packets, meter.trusted_packets}), direction};
}

void UserShare::lease_request_lost(Direction direction) {
  meters_[static_cast<std::size_t>(direction)].asked = false;
}

void UserShare::grant(const LeaseGrant& grant) {
  Meter& meter = meters_[static_cast<std::size_t>(grant.direction)];
  if (grant.usable_from_ns == 0) {
    meter.add(grant.bytes, grant.packets);
    meter.asked = false;
    return;
  }
  meter.usable_from_ns = grant.usable_from_ns;
  meter.later_bytes = grant.bytes;
  meter.later_packets = grant.packets;
}

}  // namespace penstock::turn
