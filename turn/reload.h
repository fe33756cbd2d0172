#pragma once
// New settings while allocations live (SIGHUP).

#include "turn/core.h"

namespace penstock::turn {

/// Puts new settings in force for everything that comes from now on, and begins to check again what is there.
void use_settings(Core& core, const CompiledSettings& settings);

/// Checks the next allocations again; true when some are left to check. `budget` counts allocations that have nothing
/// to check; those with permissions and channels count for more. Permissions and channels that the new peer policy
/// denies are taken out. No allocation ends: users who are gone keep theirs until it expires, because no Refresh will
/// succeed.
bool check_again(Core& core, unsigned budget);

}  // namespace penstock::turn
