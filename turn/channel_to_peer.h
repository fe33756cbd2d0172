#pragma once
// ChannelData from a client becomes a plain datagram to the channel's peer (RFC 8656 section 12.6).

#include "dataplane/stun/bytes.h"
#include "turn/core.h"
#include "turn/relay.h"

namespace penstock::turn {

/// `datagram` arrived on the five-tuple of `allocation`.
OrDrop<ToPeer> channel_to_peer(Core& core, std::uint32_t allocation, stun::Bytes datagram);

}  // namespace penstock::turn
