#pragma once
// Audio last-N at the track: who has no seat on the SpeakerBoard is dropped before fan-out and mirrors, one decision
// per packet and not per receiver; what is left is numbered without gaps, so that no receiver takes silence for loss.

#include "dataplane/sfu/core.h"
#include "dataplane/sfu/store.h"

namespace penstock::sfu {

/// A packet of a track whose room is limited, or was: true when it is forwarded, under arrived.sequence.
bool hear_competitor(Core& core, TrackSlot track, Arrived& arrived);

/// Every packet, before it is stored. False: it goes no further.
inline bool hear(Core& core, TrackSlot track, Arrived& arrived) {
  return !core.tracks[track].competes || hear_competitor(core, track, arrived);
}

/// The track has these parameters from now on.
void compete(Core& core, TrackSlot track, const TrackParameters& parameters);
/// The source's numbers begin anew.
void restart_hearing(Core& core, TrackSlot track);
/// The track ends.
void end_competing(Core& core, TrackSlot track);

}  // namespace penstock::sfu
