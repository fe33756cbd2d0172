#include "turn/peer_to_data.h"

#include "dataplane/stun/bytes.h"

namespace penstock::turn {

OrDrop<ToClient> peer_to_data(Core& core, std::uint32_t index, const net::Endpoint& peer, std::size_t size) {
  const Allocation& allocation = core.allocations[index];
  if (!allocation.live_at(core.now_ns)) return tl::unexpected(net::Drop::no_allocation);
  if (core.permissions.find_live(index, peer.address, core.now_ns) == nullptr) {
    return tl::unexpected(net::Drop::peer_no_permission);
  }
  if (data_head_size(peer) + stun::padded(size) > kLongestDatagram) return tl::unexpected(net::Drop::too_long);
  return ToClient{index, allocation.listener, allocation.client_path, 0, allocation.client};
}

void write_data_head(Core& core, std::span<std::uint8_t> out, const net::Endpoint& peer, std::size_t size) {
  const stun::TransactionId id = core.next_indication_id();
  // The builder cannot fail: size was checked against what a datagram holds.
  (void)stun::MessageBuilder(out, stun::Method::data, stun::Class::indication, id)
      .xor_peer_address(peer)
      .data_in_place(size)
      .finish();
}

}  // namespace penstock::turn
