#pragma once
// How allocations end, and what is still to be done afterwards: the record for billing, the user's quota.

#include <cstdint>

#include "turn/core.h"

namespace penstock::turn {

/// Ends a live allocation: its channels, permissions, flows and ports go at once. The slot is kept until its record and
/// its release have been sent.
void end_allocation(Core& core, std::uint32_t index, EndReason reason);

/// Ends a live allocation whose time is over: because nobody refreshed it, or because nobody could, its static user
/// having been taken out of the configuration (EndReason::revoked). A reload as such ends nothing.
void expire_allocation(Core& core, std::uint32_t index);

/// Tells the quotas that a port reserved for `user` is none any more: it has expired, or somebody else has paid for it.
void release_reserved(Core& core, const UserId& user);

/// Lets go of one of the two relayed addresses of an allocation, and of what was installed for peers of that family.
void drop_relayed_address(Core& core, std::uint32_t index, net::Family family);

/// Sends records and releases of ended allocations, at most `budget`; true when some are left that could be sent now.
bool settle_ended(Core& core, unsigned budget);

}  // namespace penstock::turn
