#pragma once
// What becomes of a published packet at one subscription.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::sfu {

enum class Verdict : std::uint8_t {
  forward,
  paused,          ///< the subscription is paused
  wait_key_frame,  ///< nothing is forwarded yet: no key frame came of a layer that may be
  wrong_layer,     ///< another encoding is forwarded
  temporal_layer,  ///< its frame is above the temporal layers that are forwarded
  late,            ///< from before the switch to this encoding, or too old to be placed
  duplicate,       ///< was forwarded before
  empty,           ///< padding alone: the receiver is spared it, and its number too
  count_
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Verdict::count_)> kVerdictNames = {
    "forward", "paused", "wait_key_frame", "wrong_layer", "temporal_layer", "late", "duplicate", "empty"};

}  // namespace penstock::sfu
