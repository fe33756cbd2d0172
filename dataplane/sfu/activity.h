#pragma once
// Which encodings of a track come at present: browsers stop layers when bandwidth or CPU is short.

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// Encodings that have been silent for a while become inactive. Call from the publisher's turns.
void check_activity(Core& core, TrackSlot track);

/// The encoding has ended for now (RTCP BYE, or silence); its subscriptions turn to others.
void set_inactive(Core& core, TrackSlot track, std::uint32_t encoding);

/// Bit per encoding that is active.
std::uint8_t active_encodings(const Track& track);

}  // namespace penstock::sfu
