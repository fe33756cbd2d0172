#pragma once
// What no single key shows: values that contradict each other or the machine.

#include <cstdint>
#include <vector>

#include "control/config/config.h"
#include "control/config/problem.h"

namespace penstock::control {

/// Adds what is impossible about `config`. `allowed_cores`: those this process may run on.
void check_config(const Config& config, const Origins& origins, const std::vector<std::uint32_t>& allowed_cores,
                  Problems& problems);

}  // namespace penstock::control
