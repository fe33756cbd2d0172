#pragma once
// A datagram from a peer without channel becomes a Data indication to the client (RFC 8656 section 11.3).

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/stun/builder.h"
#include "turn/core.h"
#include "turn/relay.h"

namespace penstock::turn {

/// `size` bytes from `peer` arrived for `allocation`; relayed when the allocation has a permission for its address.
OrDrop<ToClient> peer_to_data(Core& core, std::uint32_t allocation, const net::Endpoint& peer, std::size_t size);

/// Bytes in front of the payload of a Data indication about `peer`: header, XOR-PEER-ADDRESS, and DATA's own header.
/// Nothing else goes in: SOFTWARE here would push a full-sized datagram over the path's MTU.
constexpr std::size_t data_head_size(const net::Endpoint& peer) {
  return peer.address.is_v4() ? 36 : 48;
}
/// Writes them. `out` has data_head_size(peer) bytes; the payload of `size` bytes and its padding follow.
void write_data_head(Core& core, std::span<std::uint8_t> out, const net::Endpoint& peer, std::size_t size);

}  // namespace penstock::turn
