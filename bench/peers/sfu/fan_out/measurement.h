#pragma once
// One measurement: frames at a steady pace, what came of them, and what they cost the server.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "bench/load/turn/server_process.h"
#include "bench/peers/sfu/fan_out/cast.h"

namespace penstock::peers {

struct Pace {
  double frames_per_second = 30;  ///< of each publisher; they take turns
  double warmup_s = 0.5;
  double duration_s = 2;
};

/// Sends and receives for warm-up and duration, then waits for stragglers. {"sent", "received", "cpu_us_per_packet",
/// ...} as bench/README.md has it.
nlohmann::json measure(Cast& cast, const load::ServerProcess& server, const Pace& pace);

}  // namespace penstock::peers
