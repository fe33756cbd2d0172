#pragma once
// What the metrics listener answers.

#include <functional>
#include <optional>
#include <string>

#include "control/http/router.h"
#include "control/metrics/load_meter.h"
#include "control/metrics/sources.h"

namespace penstock::control {

/// All are called on the control thread, whenever somebody asks.
struct EndpointSources {
  std::vector<WorkerSource> workers;
  const LoadMeter* load = nullptr;
  std::function<ProcessState()> state;
  std::function<std::optional<unsigned>()> stuck_worker;
};

/// /metrics, /healthz (200 while every worker turns), /readyz (200 while new allocations are taken), /status,
/// /ports.
http::Router make_router(EndpointSources sources);

}  // namespace penstock::control
