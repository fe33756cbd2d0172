#pragma once
// Asking publishers for key frames: any number of receivers may want one, the publisher is asked once.

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// Somebody cannot go on without a key frame of the encoding. Asks at once, unless the publisher was asked a moment
/// ago.
void want_key_frame(Core& core, TrackSlot track, std::uint32_t encoding);

/// Asks again where one is still wanted. Call from the publisher's turns.
void repeat_key_frame_requests(Core& core, TrackSlot track);

}  // namespace penstock::sfu
