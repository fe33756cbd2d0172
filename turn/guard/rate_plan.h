#pragma once
// A user's rate limits in the units that metering works in.

#include <algorithm>
#include <array>
#include <cstdint>

#include "turn/guard/quota_messages.h"
#include "turn/settings.h"

namespace penstock::turn {

/// One token bucket: bytes or packets. 0 per second: unlimited.
struct TokenRate {
  std::uint64_t per_s = 0;
  std::uint64_t depth = 0;  ///< what may go at once after a quiet time
  std::uint64_t chunk = 0;  ///< what a worker leases in one go

  bool limited() const { return per_s != 0; }
};

/// A quarter of a second, and never less than a key frame of a small video: 16 KiB in 16 packets. A limit of 4 Mbit/s
/// then passes a key frame of 125 KB whole, and over five seconds no more than 5 % above the limit ever pass. A lease
/// is an eighth of that, so what workers hold unspent stays small, and it lasts longer than the way to the home and
/// back.
inline constexpr std::uint64_t kDepthPartOfSecond = 4;
inline constexpr std::uint64_t kLeasesPerDepth = 8;
inline constexpr std::uint64_t kLeastDepthBytes = 16 * 1024;
inline constexpr std::uint64_t kLeastDepthPackets = 16;

inline TokenRate token_rate(std::uint64_t per_s, std::uint64_t least_depth) {
  if (per_s == 0) return {};
  const std::uint64_t depth = std::max(per_s / kDepthPartOfSecond, least_depth);
  return {per_s, depth, depth / kLeasesPerDepth};
}

struct DirectionRates {
  TokenRate bytes;  ///< IP payload
  TokenRate packets;

  bool limited() const { return bytes.limited() || packets.limited(); }
};

struct RatePlan {
  std::array<DirectionRates, kDirections> directions;

  const DirectionRates& operator[](Direction d) const { return directions[static_cast<std::size_t>(d)]; }
  bool limited() const { return directions[0].limited() || directions[1].limited(); }
};

inline DirectionRates direction_rates(std::uint64_t bits_per_s, std::uint64_t packets_per_s) {
  return {token_rate((bits_per_s + 7) / 8, kLeastDepthBytes), token_rate(packets_per_s, kLeastDepthPackets)};
}

inline RatePlan rate_plan(const UserLimits& limits) {
  return {{direction_rates(limits.to_peer_bits_per_s, limits.to_peer_packets_per_s),
           direction_rates(limits.to_client_bits_per_s, limits.to_client_packets_per_s)}};
}

/// Total limits count both directions together: everybody's traffic is metered as `to_peer`, whichever way it goes.
inline RatePlan rate_plan(const TotalLimits& limits) {
  return {{direction_rates(limits.bits_per_s, limits.packets_per_s), {}}};
}

}  // namespace penstock::turn
