#pragma once
// Modes allocate and hold: what a server's control path and its idle allocations cost.

#include <string>
#include <tl/expected.hpp>

#include "bench/load/turn/options.h"
#include "bench/load/turn/results.h"
#include "bench/load/turn/server_process.h"
#include "bench/load/turn/session.h"

namespace penstock::load {

/// Clients begin, refresh and delete allocations as fast as the server answers: each cycle is an Allocate without
/// credentials (401), an Allocate, a Refresh, and a Refresh to lifetime 0. `server` may be null.
AllocationResult run_allocations(const Options& options, Session& session, const ServerProcess* server);

/// Holds all allocations without any traffic but refreshes. The error says what could not be allocated.
tl::expected<HoldResult, std::string> run_hold(const Options& options, Session& session, const ServerProcess& server);

}  // namespace penstock::load
