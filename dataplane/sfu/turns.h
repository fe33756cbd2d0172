#pragma once
// What has to be done for an endpoint now and then: consent, feedback to what it publishes, reports.

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// Starts an endpoint's turns.
void begin_turns(Core& core, EndpointSlot slot);

/// Endpoints whose turn has come, at most `budget`; true when more are due.
bool take_turns(Core& core, unsigned budget);

}  // namespace penstock::sfu
