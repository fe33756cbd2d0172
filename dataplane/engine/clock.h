#pragma once
// Time on a worker: monotonic nanoseconds once per pass for protocol state, TSC cycles for cost.

#include <rte_cycles.h>

#include <cstdint>
#include <ctime>

namespace penstock::engine {

inline constexpr std::uint64_t kNsPerMs = 1'000'000;
inline constexpr std::uint64_t kNsPerS = 1'000'000'000;

inline std::uint64_t monotonic_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * kNsPerS + static_cast<std::uint64_t>(t.tv_nsec);
}

inline std::uint64_t cycles() {
  return rte_rdtsc();
}

}  // namespace penstock::engine
