#pragma once
// A track's packets on other workers. The origin lends each packet to every worker that has a mirror of the track;
// there a mirror keeps it in a ring of its own, as any track does, and fans it out. What mirrors wish for comes back.

#include "dataplane/sfu/core.h"
#include "dataplane/sfu/update.h"

namespace penstock::sfu {

// The origin's side.

void add_mirror(Core& core, const AddMirror& add);
void remove_mirror(Core& core, TrackSlot track, std::uint16_t worker);
/// The track ends.
void forget_mirrors(Core& core, TrackSlot track);

void share_with_mirrors(Core& core, TrackSlot track, std::uint32_t encoding, const StoredPacket& packet);
/// A packet of the track that is in its ring goes to its mirrors, if there are any. Once per packet.
inline void share(Core& core, TrackSlot track, std::uint32_t encoding, const StoredPacket& packet) {
  if (core.tracks[track].first_mirror != 0) share_with_mirrors(core, track, encoding, packet);
}
/// A sender report came.
void share_clocks(Core& core, TrackSlot track, std::uint32_t encoding);

// The mirror's side.

/// Asks the origin for a key frame.
void wish(Core& core, TrackSlot mirror, std::uint32_t encoding);
/// What a publisher's turns do for its tracks, for mirrors: at most `budget` of them; true when more are due.
bool take_mirror_turns(Core& core, unsigned budget);
/// Starts them.
void begin_mirror_turns(Core& core, TrackSlot mirror);

/// Once per pass: packets, clocks and wishes from other workers, and packets that they give back. `budget`
/// bounds the packets, of all neighbours together. True when there was something.
bool exchange_with_neighbours(Core& core, unsigned budget);

}  // namespace penstock::sfu
