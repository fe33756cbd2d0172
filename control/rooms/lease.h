#pragma once
// Owner leases: a room that goes when its owner does.

#include "control/rooms/batch.h"

namespace penstock::control::rooms {

/// As of now, when the room's description has a lease; instead of what it had.
void take_lease(Batch& batch, Room& room);
/// A lease that runs out has so long more.
void extend_lease(Batch& batch, Room& room, std::uint64_t by_ns);
/// What the description says of a lease is about to change, or the room to go.
void drop_lease(Batch& batch, Room& room);

}  // namespace penstock::control::rooms
