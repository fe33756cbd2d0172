#pragma once
// What endpoints report and ask for by RTCP (RFC 3550, 4585, 5104).

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// An SRTCP datagram from one of an endpoint's pairs. Ends the packet.
void take_rtcp(Core& core, net::Packet* p);

}  // namespace penstock::sfu
