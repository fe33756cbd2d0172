#pragma once
// Audio last-N of a room: how many of its audio tracks are forwarded at a time.

#include <tl/expected.hpp>

#include "control/rooms/batch.h"
#include "control/rooms/error.h"

namespace penstock::control::rooms {

/// As RoomSpec::audio_last_n says, for the tracks that there are; tracks that come are compiled with room.speakers.
/// The error: so many rooms are limited that the board is full.
tl::expected<void, Error> seat_speakers(Batch& batch, Room& room);
/// The room goes.
void unseat_speakers(Batch& batch, Room& room);

}  // namespace penstock::control::rooms
