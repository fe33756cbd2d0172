#pragma once
// Which worker takes a new room, and a new endpoint of a room. A small room is best off on one worker, which then sees
// every packet once; a big one is worth the packets that cross.

#include <cstdint>
#include <tl/expected.hpp>

#include "control/rooms/error.h"
#include "control/rooms/state.h"

namespace penstock::control::rooms {

/// The share of a core that the worker is reckoned to use: what was measured, or what its endpoints and subscriptions
/// may come to, whichever is more, for what was placed a moment ago shows in no measurement yet.
double load_of(const State& state, std::uint16_t worker);

/// A new room's home: the least loaded worker, the lowest number of several.
std::uint16_t home_of_new_room(const State& state);

/// A new endpoint's worker. Of the workers that the room is on (its home, while it is empty), the least loaded one
/// takes the endpoint, unless the room is big there (Placement::big_room) and another worker's load is clearly less
/// (Placement::margin): then that one. Workers without a place for an endpoint are left out. The error: none has one.
tl::expected<std::uint16_t, Error> worker_of_new_endpoint(const State& state, const Room& room);

}  // namespace penstock::control::rooms
