#pragma once
// The mirror's clock.

#include <cstdint>
#include <ctime>

namespace penstock::port {

inline std::uint64_t monotonic_ms() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000 + static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000;
}

}  // namespace penstock::port
