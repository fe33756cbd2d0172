#pragma once
// The other end for somebody who only sends: what a link costs a sender alone.

#include <cstdint>

#include "bench/load/frames/link.h"

namespace penstock::frame_rooms {

struct DrainPlan {
  double warmup_s = 0.5;
  double duration_s = 3;
  double pause_us = 0;  ///< between two receives
};

struct DrainResult {
  double seconds = 0;
  std::uint64_t frames = 0;
  std::uint64_t receives = 0;  ///< that brought something
  std::uint64_t busy_cycles = 0, cycles = 0;
};

/// Receives, reads the headers and frees. Says "frame_rooms: measuring" on standard error after the warm-up.
DrainResult drain(frames::Link& link, const DrainPlan& plan);

}  // namespace penstock::frame_rooms
