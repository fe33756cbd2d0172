#pragma once
// Nanoseconds as RTP timestamp units.

#include <algorithm>
#include <cstdint>

namespace penstock::sfu {

/// Saturates at a quarter of the time line: who was silent for hours goes on somewhere ahead.
constexpr std::uint32_t timestamp_units(std::uint64_t ns, std::uint32_t clock_rate_hz) {
  constexpr std::uint64_t kNsPerS = 1'000'000'000;
  const std::uint64_t seconds = std::min<std::uint64_t>(ns / kNsPerS, 86'400);
  const std::uint64_t rest = ns % kNsPerS * clock_rate_hz / kNsPerS;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(seconds * clock_rate_hz + rest, 1U << 30));
}

/// Whether two timestamps are no further apart than `ns`.
constexpr bool within(std::uint32_t a, std::uint32_t b, std::uint64_t ns, std::uint32_t clock_rate_hz) {
  const std::uint32_t apart = std::min(a - b, b - a);
  return apart <= timestamp_units(ns, clock_rate_hz);
}

}  // namespace penstock::sfu
