#pragma once
// Our sender and receiver reports (RFC 3550 section 6.4).

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// When they are due: a receiver report of what the endpoint publishes, a sender report of each stream it is sent.
void send_reports(Core& core, EndpointSlot slot);

}  // namespace penstock::sfu
