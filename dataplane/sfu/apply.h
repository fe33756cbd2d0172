#pragma once
// Control's updates, applied to the worker's tables. Nothing here can fail (DESIGN.md, decision 7).

#include "dataplane/sfu/core.h"
#include "dataplane/sfu/update.h"

namespace penstock::sfu {

/// The whole update, between two passes.
void apply(Core& core, const Update& update);

}  // namespace penstock::sfu
