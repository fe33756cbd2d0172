#pragma once
// How a device's packets find their workers, in a word.

#include <array>
#include <cstdint>
#include <string_view>

namespace penstock::port {

/// How a device's packets find the worker that owns them.
enum class Steering : std::uint8_t {
  one_worker,  ///< there is only one
  software,    ///< whoever receives hands over: clients by hash, relayed ports by record
  rss,         ///< clients by the device's hash; relayed ports are handed over
  flow_rules,  ///< clients by the device's hash, relayed ports by rules in the device
};
inline constexpr std::array<std::string_view, 4> kSteeringNames = {"one_worker", "software", "rss", "flow_rules"};

constexpr std::string_view name(Steering s) {
  return kSteeringNames[static_cast<std::size_t>(s)];
}

}  // namespace penstock::port
