#pragma once
// penstockd from start to end: the control thread.

#include "control/config/load.h"

namespace penstock::control {

/// Checks the host, starts the relay, serves until a signal ends it. Everything there is to say goes to the log.
/// Returns the exit code: 0 after a drain, 1 when it could not start.
int run_daemon(const Sources& sources, Loaded loaded, const std::vector<std::uint32_t>& allowed_cores);

}  // namespace penstock::control
