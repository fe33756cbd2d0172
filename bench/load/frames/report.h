#pragma once
// The result of a run as JSON; bench/README.md says what the fields mean.

#include <nlohmann/json.hpp>
#include <optional>

#include "bench/load/frames/options.h"
#include "bench/load/frames/relay_counters.h"
#include "bench/load/frames/spin.h"
#include "bench/load/frames/traffic.h"
#include "bench/load/turn/negotiator.h"

namespace penstock::frames {

/// What it took to get the allocations.
struct SetupResult {
  load::NegotiationTally tally;
  double seconds = 0;
};

struct ServerResult {
  RelayCounters counters;  ///< of most of the measured interval
  double tsc_hz = 0;
};

nlohmann::ordered_json to_json(const Options& options, const std::optional<SetupResult>& setup,
                               const TrafficResult& result, const std::optional<ServerResult>& server);
nlohmann::ordered_json to_json(const Options& options, const SpinResult& result);

}  // namespace penstock::frames
