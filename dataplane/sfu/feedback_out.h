#pragma once
// Feedback to publishers: lost packets, arrival times, the bit rate they may send.

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// What is due for this endpoint: transport-wide feedback every 100 ms, NACKs as the generators say, REMB where a limit
/// was set.
void send_feedback(Core& core, EndpointSlot slot);

}  // namespace penstock::sfu
