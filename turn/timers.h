#pragma once
// What a worker does as time passes, a bounded amount per pass.

#include <cstdint>

#include "turn/core.h"

namespace penstock::turn {

/// Starts the timer of an allocation.
void watch(Core& core, std::uint32_t allocation);

/// Ends what has expired, reclaims expired permissions and channels, carries out reloads and drains, and sends what
/// full mailboxes held up. `budget` bounds each of these; true when work is left that can be done at once.
bool advance(Core& core, unsigned budget);

}  // namespace penstock::turn
