#pragma once
// Asks for the memory that packets will need, before the first of them is handled.

#include <cstddef>
#include <span>

#include "dataplane/net/packet.h"
#include "turn/core.h"

namespace penstock::turn {

/// Packets to look ahead at: enough to hide the latency of memory, few enough for the first cache to keep.
inline constexpr std::size_t kLookAhead = 32;

/// At most kLookAhead packets, with info.flow set. Changes nothing.
void look_ahead(const Core& core, std::span<net::Packet* const> packets);

}  // namespace penstock::turn
