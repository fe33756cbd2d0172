#pragma once
// Asking publishers for key frames: any number of receivers may want one, the publisher is asked once.

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// Somebody cannot go on without a key frame of the encoding. Asks at once, unless the publisher was asked a moment
/// ago. `rtt_ns`: of the receiver whose wish it is, 0 if it is ours.
void want_key_frame(Core& core, TrackSlot track, std::uint32_t encoding, std::uint64_t rtt_ns = 0);

/// Asks where that is due. Call from the publisher's turns.
void send_key_frame_requests(Core& core, TrackSlot track);

}  // namespace penstock::sfu
