#pragma once
// The control for every latency and every long pass: what a core does to a loop that does nothing but look at the
// clock.

#include <cstdint>

#include "bench/load/turn/histogram.h"

namespace penstock::load::sfu {

struct SpinResult {
  Histogram gaps;  ///< between two looks, those above a microsecond
  std::uint64_t longest_ns = 0;
};

/// On a thread of its own, pinned to `cpu`; for `seconds`.
SpinResult spin_on(unsigned cpu, double seconds);

}  // namespace penstock::load::sfu
