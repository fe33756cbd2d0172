#pragma once
// Rooms in metrics: what the workers' SFUs count, and what control knows of rooms. Never a label by room or endpoint.

#include "control/metrics/families.h"
#include "control/metrics/sources.h"

namespace penstock::control {

/// Nothing where there are no rooms.
void add_sfu_families(Families& families, const std::vector<WorkerSource>& workers,
                      const std::optional<RoomsState>& rooms);

}  // namespace penstock::control
