#pragma once
// DTLS passes through: from checked pairs to the handshake thread, and its flights back (DESIGN.md, decision 9).

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// A DTLS datagram that arrived over one of the endpoint's pairs. Ends the packet.
void take_handshake(Core& core, EndpointSlot slot, net::Packet* p);

/// Once per pass: sends what the handshake thread has for our endpoints, and wakes it if there is something for it.
/// True when more waits.
bool exchange_handshakes(Core& core);

/// Tells the handshake thread that the endpoint's first pair is there, once the lane has room.
void announce_pair(Core& core, EndpointSlot slot);

}  // namespace penstock::sfu
