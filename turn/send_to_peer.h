#pragma once
// A Send indication from a client becomes a plain datagram to the peer it names (RFC 8656 section 11.2).

#include "dataplane/stun/bytes.h"
#include "turn/core.h"
#include "turn/relay.h"

namespace penstock::turn {

/// `datagram` is an indication that arrived on the five-tuple of `allocation`.
OrDrop<ToPeer> send_to_peer(Core& core, std::uint32_t allocation, stun::Bytes datagram);

}  // namespace penstock::turn
