#pragma once
// Tracks on workers that are not their own. Where a subscription is on another worker than its track, that worker has a
// mirror of the track, which packets come to once, whatever the number of subscriptions.

#include <tl/expected.hpp>

#include "control/rooms/batch.h"
#include "control/rooms/error.h"

namespace penstock::control::rooms {

/// Where subscriptions of `worker` find the track: its own place, or that of its mirror, which is there.
Place place_on(const Track& track, std::uint16_t worker);

/// One more subscription of `worker` to the track; with the first, a mirror is made. Returns what subscriptions there
/// refer to: the track's own place, or its mirror's. The error: the worker's table is full.
tl::expected<Place, Error> take_mirror(Batch& batch, Track& track, std::uint16_t worker);
/// One less. With the last, the mirror goes at the batch's end, unless another has taken it by then.
void release_mirror(Batch& batch, Track& track, std::uint16_t worker);

/// The track's parameters for its own worker, and for every mirror.
void compile_to(Batch& batch, const Track& track);
/// Nobody subscribes to it any more: mirrors that still are there go with it.
void remove_mirrors(Batch& batch, Track& track);

}  // namespace penstock::control::rooms
