#pragma once
// /status: what penstockctl shows, as JSON.

#include <string>
#include <vector>

#include "control/metrics/load_meter.h"
#include "control/metrics/sources.h"

namespace penstock::control {

/// {"version","state":"ready|starting|draining","uptime_s","listening":[...],"uris":[...],"relay_ports":[...],
///  "workers":[{"worker","cpu","packets_received","packets_sent","packets_dropped","kernel_drops","allocations",
///  "cycles_per_packet","busy_ratio",...}],"drops":{"reason":count}}. Drops that never happened are left out.
std::string status_json(const std::vector<WorkerSource>& workers, const std::vector<Load>& loads,
                        const ProcessState& state);

}  // namespace penstock::control
