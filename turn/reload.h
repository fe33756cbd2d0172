#pragma once
// New settings while allocations live (SIGHUP).

#include "turn/core.h"

namespace penstock::turn {

/// Puts new settings in force for everything that comes from now on, and begins to check again what is there.
void use_settings(Core& core, const CompiledSettings& settings);

/// Checks permissions and channels of the next `budget` allocations against the new peer policy, and takes out those it
/// denies; true when allocations are left to check. Users who are gone keep their allocations until their next request
/// fails.
bool check_again(Core& core, unsigned budget);

}  // namespace penstock::turn
