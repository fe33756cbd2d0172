#include "turn/permissions.h"

namespace penstock::turn {

std::optional<stun::Error> check_peer(const Core& core, const Allocation& allocation, const net::Address& peer) {
  if (!allocation.has(peer.family())) return stun::Error::peer_address_family_mismatch;
  if (core.settings->policy.check(peer) == PeerVerdict::deny) return stun::Error::forbidden;
  return std::nullopt;
}

std::optional<stun::Error> prepare_permission(Core& core, std::uint32_t index, const net::Address& peer) {
  if (Permission* permission = core.permissions.find(index, peer)) {
    // An expired one begins anew, lest making room for the request's other peers take it away.
    if (core.now_ns >= permission->expires_ns) permission->expires_ns = 0;
    return std::nullopt;
  }
  Allocation& allocation = core.allocations[index];
  const std::uint32_t limit = core.settings->settings.allocation_limits.permissions;
  if (allocation.permissions >= limit || core.permissions.full()) {
    // Expired ones give way; those this request has prepared have not expired, they have not begun.
    core.permissions.remove_if(allocation,
                               [&](const Permission& p) { return p.expires_ns != 0 && core.now_ns >= p.expires_ns; });
    if (allocation.permissions >= limit) return stun::Error::insufficient_capacity;
  }
  if (core.permissions.add(index, allocation, peer) == nullptr) return stun::Error::insufficient_capacity;
  return std::nullopt;
}

void renew_permission(Core& core, std::uint32_t index, const net::Address& peer) {
  Permission* permission = core.permissions.find(index, peer);
  permission->expires_ns = core.now_ns + kPermissionLifetimeNs;
  permission->direct = core.settings->policy.check(peer) == PeerVerdict::allow;
  permission->own_address = core.directory.is_advertised(peer);
}

void discard_prepared_permissions(Core& core, std::uint32_t index) {
  core.permissions.remove_if(core.allocations[index], [](const Permission& p) { return p.expires_ns == 0; });
}

}  // namespace penstock::turn
