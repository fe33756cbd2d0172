#include <ctime>

#include "control/rooms/options.h"

namespace penstock::control::rooms {
namespace {

std::uint64_t read_ns(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<std::uint64_t>(at.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(at.tv_nsec);
}

}  // namespace

Now Now::read() {
  return {.monotonic_ns = read_ns(CLOCK_MONOTONIC), .unix_ms = read_ns(CLOCK_REALTIME) / 1'000'000};
}

}  // namespace penstock::control::rooms
