#include "turn/send_to_peer.h"

#include "turn/hairpin.h"
#include "turn/send_indication.h"

namespace penstock::turn {
namespace {

// The path from the relayed port to the peer; resolved once for as long as the client stays with one port of the peer.
net::PathId path_to(Core& core, Permission& permission, net::LocalId relay, const net::Endpoint& peer) {
  if (permission.path == net::kNoPath || permission.path_port != peer.port) {
    permission.path = core.host.resolve(relay, peer);
    permission.path_port = peer.port;
  }
  return permission.path;
}

}  // namespace

OrDrop<ToPeer> send_to_peer(Core& core, std::uint32_t index, stun::Bytes datagram) {
  const auto send = parse_send_indication(datagram);
  if (!send) return tl::unexpected(send.error());
  const Allocation& allocation = core.allocations[index];
  if (!allocation.sends_at(core.now_ns)) return tl::unexpected(net::Drop::no_allocation);
  if (send->peer.port == 0) return tl::unexpected(net::Drop::bad_indication);
  const net::Family family = send->peer.address.family();
  if (!allocation.has(family)) return tl::unexpected(net::Drop::wrong_family);
  Permission* permission = core.permissions.find_live(index, send->peer.address, core.now_ns);
  if (permission == nullptr) return tl::unexpected(net::Drop::no_permission);

  ToPeer out;
  out.allocation = index;
  out.local = allocation.relay[family_index(family)];
  out.offset = static_cast<std::uint16_t>(send->data.data() - datagram.data());
  out.size = static_cast<std::uint16_t>(send->data.size());
  out.dont_fragment = send->dont_fragment;
  out.peer = send->peer;
  if (permission->own_address) out.hairpin = hairpin_target(core, send->peer);
  if (out.hairpin.port != 0) return out;
  if (!permission->direct) return tl::unexpected(net::Drop::peer_denied);
  out.path = path_to(core, *permission, out.local, out.peer);
  if (out.path == net::kNoPath) return tl::unexpected(net::Drop::tx_unreachable);
  return out;
}

}  // namespace penstock::turn
