#include "dataplane/sfu/forward/timestamp_map.h"

#include "dataplane/sfu/forward/timestamp_units.h"

namespace penstock::sfu {

void TimestampMap::start(std::uint32_t first) {
  *this = {};
  newest_ = first;
}

void TimestampMap::enter(std::uint32_t timestamp, std::optional<std::uint32_t> aligned, std::uint64_t arrival_ns,
                         std::uint32_t clock_rate_hz) {
  if (!entered_) {
    entered_ = true;
    shift_ = newest_ - timestamp;
    return;
  }
  std::uint32_t mapped = by_arrival(arrival_ns, clock_rate_hz);
  if (aligned) {
    const std::uint32_t by_reports = *aligned + shift_ - push_;
    if (within(by_reports, mapped, kMostSkew_ns, clock_rate_hz)) mapped = by_reports;
  }
  const bool ahead = static_cast<std::int32_t>(mapped - newest_) > 0;
  push_ = ahead ? 0 : newest_ + 1 - mapped;
  shift_ = mapped + push_ - timestamp;
}

std::uint32_t TimestampMap::by_arrival(std::uint64_t instant_ns, std::uint32_t clock_rate_hz) const {
  const std::uint64_t elapsed_ns = instant_ns > newest_arrival_ns_ ? instant_ns - newest_arrival_ns_ : 0;
  return newest_ + timestamp_units(elapsed_ns, clock_rate_hz);
}

}  // namespace penstock::sfu
