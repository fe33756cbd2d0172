// Tracks come and go.

#include "dataplane/sfu/fan_out.h"
#include "dataplane/sfu/identify.h"
#include "dataplane/sfu/mirror.h"
#include "dataplane/sfu/speakers.h"
#include "dataplane/sfu/tables.h"

namespace penstock::sfu {
namespace {

void link(Core& core, TrackSlot slot) {
  Endpoint& endpoint = core.endpoints[core.tracks[slot].parameters.endpoint];
  core.tracks[slot].next = endpoint.first_track;
  endpoint.first_track = slot + 1;
}

void unlink(Core& core, TrackSlot slot) {
  TrackSlot* at = &core.endpoints[core.tracks[slot].parameters.endpoint].first_track;
  while (*at != slot + 1) at = &core.tracks[*at - 1].next;
  *at = core.tracks[slot].next;
}

void give_rings(Core& core, TrackSlot slot) {
  Track& track = core.tracks[slot];
  const std::uint32_t kept = track.parameters.kind == MediaKind::video ? kVideoRing : kAudioRing;
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    StoredPacket* first = &core.stored[(std::size_t{slot} * kMostEncodings + i) * kVideoRing];
    track.encodings[i].ring = EncodingRing(std::span(first, kept));
  }
}

// Of subscriptions that lose their source, and of an encoding whose ring is emptied: 512 packets at most.
constexpr int kDetachUnits = 3;
constexpr int kEncodingUnits = 64;
constexpr int kTrackUnits = 16;

// Leaves zero bytes; encodings that were never used are not touched, and take no memory. False when one is left.
bool clear_encodings(Core& core, TrackSlot slot, Work& work) {
  Track& track = core.tracks[slot];
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    if (work.spent()) return false;
    if (track.encodings[i].ring.size() > 0) work.spend(kEncodingUnits);
    track.encodings[i].ring.clear();
  }
  // In one go: a packet that comes between two passes finds either a track or none.
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    forget_stream(core, track.parameters.endpoint, stream_id(slot, i, false));
    forget_stream(core, track.parameters.endpoint, stream_id(slot, i, true));
    track.encodings[i].ring.clear();
    track.encodings[i] = Encoding{};
  }
  return true;
}

// New parameters of the same track: how many encodings it has, its kind and its codec stay (control sees to that).
void change(Core& core, const SetTrack& set) {
  Track& track = core.tracks[set.slot];
  compete(core, set.slot, set.parameters);
  track.parameters = set.parameters;
  if (!track.is_mirror()) announce_streams(core, set.slot);
}

}  // namespace

void announce_streams(Core& core, TrackSlot slot) {
  const TrackParameters& p = core.tracks[slot].parameters;
  for (std::uint32_t i = 0; i < p.encoding_count; ++i) {
    if (p.encodings[i].ssrc != 0) announce(core, p.endpoint, stream_id(slot, i, false), p.encodings[i].ssrc);
    if (p.encodings[i].rtx_ssrc != 0) announce(core, p.endpoint, stream_id(slot, i, true), p.encodings[i].rtx_ssrc);
  }
}

void set_track(Core& core, const SetTrack& set) {
  Track& track = core.tracks[set.slot];
  if (track.generation == set.generation) return change(core, set);
  track.generation = set.generation;
  compete(core, set.slot, set.parameters);
  track.parameters = set.parameters;
  if (!track.is_mirror()) link(core, set.slot);
  give_rings(core, set.slot);
  reset(core.board.tracks[set.slot]);
  core.board.tracks[set.slot].generation.set(set.generation);
  if (track.is_mirror()) {
    core.stats.mirrors.add();
    return begin_mirror_turns(core, set.slot);
  }
  core.stats.tracks.add();
  announce_streams(core, set.slot);
}

bool remove_track(Core& core, TrackSlot slot, Work& work) {
  Track& track = core.tracks[slot];
  core.fan_out->forget(slot);
  for (; track.first_subscription != 0; work.spend(kDetachUnits)) {
    if (work.spent()) return false;
    detach(core, track.first_subscription - 1);
  }
  forget_mirrors(core, slot);
  end_competing(core, slot);
  if (!clear_encodings(core, slot, work)) return false;
  if (track.is_mirror()) {
    core.stats.mirrors.sub();
  } else {
    unlink(core, slot);
    core.stats.tracks.sub();
  }
  core.board.tracks[slot].generation.set(0);
  track.generation = 0;
  track.parameters = {};
  track.key_frames = {};
  track.publisher_clock = {};
  track.fed = track.keep_short = false;
  work.spend(kTrackUnits);
  return true;
}

}  // namespace penstock::sfu
