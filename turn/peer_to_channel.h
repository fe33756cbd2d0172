#pragma once
// A datagram from a channel's peer becomes ChannelData to the client (RFC 8656 section 12.7).

#include <optional>

#include "dataplane/engine/flow_table.h"
#include "turn/core.h"
#include "turn/relay.h"

namespace penstock::turn {

/// `size` bytes arrived on `flow`, which is of kind `channel`. Nothing when the channel has expired: then it is a Data
/// indication's turn.
///
/// A bound channel lets its own peer through for as long as it is bound. RFC 8656 would have the permission lapse
/// after 300 s and the channel after 600 s; clients that renew channels alone (aioice does, every 500 s) rely on what
/// the deployed servers do, and nobody but the very endpoint the client bound gains by it.
std::optional<OrDrop<ToClient>> peer_to_channel(Core& core, const engine::Flow& flow, std::size_t size);

}  // namespace penstock::turn
