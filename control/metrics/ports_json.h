#pragma once
// /ports: what `penstockctl ports` shows, as JSON.

#include <string>
#include <vector>

#include "control/metrics/ports_state.h"
#include "control/metrics/sources.h"

namespace penstock::control {

/// {"kind":"uring|dpdk","workers":[{"worker","cpu","locals","same_worker","handed_over","taken_over",
///  "handoff_dropped"}]} and with dpdk also "huge_pages", "devices":[{"name","driver","interface","steering",...}],
///  "interfaces":[{"name","device","vlan","addresses":[...],...}], "mirror":{"neighbours":{"state":n},...}, "notes".
std::string ports_json(const PortsState& ports, const std::vector<WorkerSource>& workers);

}  // namespace penstock::control
