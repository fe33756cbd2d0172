#pragma once
// The control experiment for latencies: what this core itself adds, without any packet.

#include <cstdint>

#include "bench/load/turn/histogram.h"

namespace penstock::frames {

struct SpinResult {
  double seconds = 0;
  /// How late the loop noticed moments that it knew of, `rate_per_s` of them evenly spread.
  load::Histogram lateness;
  std::uint64_t pauses = 0;  ///< turns longer than 10 us
};

/// A loop that reads the TSC and does nothing else.
SpinResult spin(double seconds, double rate_per_s);

}  // namespace penstock::frames
