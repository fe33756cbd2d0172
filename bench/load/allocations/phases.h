#pragma once
// What a million allocations go through, phase by phase, each with the length of its passes.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/allocations/relay.h"

namespace penstock::load {

struct Phase {
  std::string_view name;
  std::uint32_t clients = 0;
  std::uint64_t occupied_bytes = 0;  ///< by the process, at its end
  Spent spent;
  Histogram spin;  ///< gaps between two readings of the TSC in a bare loop, right before the phase
};

struct RunOptions {
  RelayOptions relay;
  std::uint32_t clients_per_user = 4;
  double spin_s = 1;  ///< of control before each phase
};

struct Run {
  std::uint64_t occupied_before_bytes = 0;  ///< relay and clients ready, first requests answered
  std::vector<Phase> phases;
};

/// Create, look again (what timers do while nothing happens), refresh, expire; create again, permit a peer, reload with
/// limits and other policy, meter nothing, drain. The error is a sentence.
tl::expected<Run, std::string> run_phases(const RunOptions& options);

}  // namespace penstock::load
