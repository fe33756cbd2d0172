#pragma once
// From the configuration to what the TURN service is told.

#include "control/config/config.h"
#include "control/startup/checks.h"
#include "turn/settings.h"

namespace penstock::control {

/// What stays for the life of the process.
turn::FixedSettings fixed_settings(const Config& config, const Plan& plan);

/// What a reload replaces; not yet compiled.
turn::Settings reloadable_settings(const Config& config, const std::vector<HostAddress>& host);

}  // namespace penstock::control
