#pragma once
// The last step of Allocate: ports are bound, and the allocation comes to life.

#include <cstdint>
#include <tl/expected.hpp>

#include "turn/core.h"

namespace penstock::turn {

/// A live allocation from an admitted request; p.flow becomes its client flow. On error (440, 508) nothing is left
/// behind, a reserved port in `p` included; quotas and the flow are the caller's to give back.
tl::expected<std::uint32_t, stun::Error> make_allocation(Core& core, const PendingAllocate& p);

}  // namespace penstock::turn
