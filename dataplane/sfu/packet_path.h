#pragma once
// What each packet that reaches a media port is, and who takes it.

#include "dataplane/net/burst.h"
#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// Every packet of the burst ends here.
void take_burst(Core& core, net::Burst& burst);

}  // namespace penstock::sfu
