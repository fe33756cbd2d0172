#pragma once
// An ICMP error about a relayed datagram becomes a Data indication with an ICMP attribute (RFC 8656 section 11.5).

#include "dataplane/port/port.h"
#include "turn/core.h"

namespace penstock::turn {

/// Tells the client, when the error is of a kind the RFC passes on and the allocation has a permission for the peer.
void icmp_to_data(Core& core, const port::IcmpError& error);

}  // namespace penstock::turn
