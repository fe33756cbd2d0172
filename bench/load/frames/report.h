#pragma once
// The result of a run as JSON; bench/README.md says what the fields mean.

#include <nlohmann/json.hpp>
#include <optional>

#include "bench/load/frames/options.h"
#include "bench/load/frames/relay_watcher.h"
#include "bench/load/frames/spin.h"
#include "bench/load/frames/traffic.h"
#include "bench/load/turn/negotiator.h"

namespace penstock::frames {

/// What it took to get the allocations.
struct SetupResult {
  load::NegotiationTally tally;
  double seconds = 0;
};

nlohmann::ordered_json to_json(const Options& options, const std::optional<SetupResult>& setup,
                               const TrafficResult& result, const std::optional<ServerResult>& server);
nlohmann::ordered_json to_json(const Options& options, const SpinResult& result);

/// For other reports of the kind: percentiles in us, and what the relay spent.
nlohmann::ordered_json latency_us(const load::Histogram& latency);
nlohmann::ordered_json server_cost(const ServerResult& server);

}  // namespace penstock::frames
