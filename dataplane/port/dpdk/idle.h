#pragma once
// What a worker does when there is nothing to do.

#include <cstdint>

namespace penstock::port {

enum class Idle : std::uint8_t {
  adaptive,  ///< spins for a moment, then sleeps, longer and longer up to a bound
  spin,      ///< never sleeps: the lowest latency, a whole core for ever
};

}  // namespace penstock::port
