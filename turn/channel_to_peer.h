#pragma once
// ChannelData from a client becomes a plain datagram to the channel's peer (RFC 8656 section 12.6).

#include "dataplane/stun/bytes.h"
#include "turn/core.h"
#include "turn/relay.h"

namespace penstock::turn {

/// `datagram` arrived on `client`, a client's flow.
OrDrop<ToPeer> channel_to_peer(Core& core, engine::Flow& client, stun::Bytes datagram);

}  // namespace penstock::turn
