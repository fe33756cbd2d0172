#pragma once
// Installing permissions for CreatePermission and ChannelBind: checked, then prepared, then put in force.

#include <optional>

#include "turn/core.h"

namespace penstock::turn {

/// 443 when the allocation has no relayed address of that family, 403 when peer policy denies the address.
std::optional<stun::Error> check_peer(const Core& core, const Allocation& allocation, const net::Address& peer);

/// Makes sure there is an entry for the peer, not in force unless it was before; 508 when limits do not allow it.
std::optional<stun::Error> prepare_permission(Core& core, std::uint32_t allocation, const net::Address& peer);
/// Puts a prepared permission in force, or renews it.
void renew_permission(Core& core, std::uint32_t allocation, const net::Address& peer);
/// Takes out what was prepared and is not in force, after a refusal.
void discard_prepared_permissions(Core& core, std::uint32_t allocation);

}  // namespace penstock::turn
