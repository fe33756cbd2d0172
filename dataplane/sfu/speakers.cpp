#include "dataplane/sfu/speakers.h"

#include <algorithm>

namespace penstock::sfu {
namespace {

// Loudness follows a rise within a few packets and a fall within a third of a second: words keep a seat, clicks do not
// take one.
void follow(Hearing& hearing, std::uint8_t level) {
  const int heard = level << 8, before = hearing.level;
  const int step = (heard - before) / (heard < before ? 2 : 16);
  hearing.level = static_cast<std::uint16_t>(before + step);
}

// Speech pauses; what is loud without a pause is a noise, or a lie, and counts no more than who tells nothing.
std::uint8_t believed(Hearing& hearing, std::uint64_t now_ns) {
  const auto level = std::max(static_cast<std::uint8_t>(hearing.level >> 8), SpeakerBoard::kLoudest);
  const bool was_away = now_ns - hearing.heard_ns > SpeakerBoard::kHold_ns;
  if (was_away || level >= SpeakerBoard::kPause) hearing.paused_ns = now_ns;
  hearing.heard_ns = now_ns;
  const bool breathless = now_ns - hearing.paused_ns > SpeakerBoard::kLongestBreath_ns;
  return breathless ? std::max(level, SpeakerBoard::kUnknownLevel) : level;
}

bool has_seat(Core& core, TrackSlot track, const Arrived& arrived) {
  const Speakers& speakers = core.tracks[track].parameters.speakers;
  Hearing& hearing = core.hearings[track];
  if (arrived.recovered) return hearing.speaking;  // late, and no news of who is loud now
  if (!speakers.limited() || core.speakers == nullptr) return true;
  const bool told = arrived.extensions.has(rtp::Extension::audio_level);
  follow(hearing, told ? arrived.extensions.level() : SpeakerBoard::kUnknownLevel);
  const Speaker who{core.shard.worker(), track, believed(hearing, core.now_ns())};
  return core.speakers->speaks(speakers.room, speakers.seats, who, core.now_ns());
}

bool enter(Hearing& hearing, Arrived& arrived, bool speaking) {
  hearing.entered = speaking;
  if (speaking) arrived.sequence = hearing.numbers.enter(arrived.sequence, hearing.history);
  return speaking;
}

// What is lost next to packets that are dropped will not be missed.
bool take_newest(Hearing& hearing, Arrived& arrived, bool speaking) {
  const Unmissed unmissed{.all = !speaking || !hearing.last_forwarded};
  if (speaking) {
    arrived.sequence = hearing.numbers.forward(arrived.sequence, unmissed, hearing.history);
  } else {
    hearing.numbers.drop(arrived.sequence, unmissed, hearing.history);
  }
  hearing.last_forwarded = speaking;
  return speaking;
}

bool number(Hearing& hearing, Arrived& arrived, bool speaking) {
  if (!hearing.entered) {
    hearing.last_forwarded = speaking;
    return enter(hearing, arrived, speaking);
  }
  switch (hearing.numbers.place(arrived.sequence, hearing.history)) {
    case SequenceMap::Place::newest:
      return take_newest(hearing, arrived, speaking);
    case SequenceMap::Place::hole:
      if (speaking) arrived.sequence = hearing.numbers.fill(arrived.sequence, hearing.history);
      return speaking;
    case SequenceMap::Place::jump:
      return enter(hearing, arrived, speaking);
    default:
      return false;
  }
}

void leave_seat(Core& core, TrackSlot track, const Speakers& speakers) {
  if (!speakers.limited() || core.speakers == nullptr) return;
  core.speakers->leave(speakers.room, core.shard.worker(), track);
}

}  // namespace

bool hear_competitor(Core& core, TrackSlot track, Arrived& arrived) {
  Hearing& hearing = core.hearings[track];
  if (!hearing.begun) {
    // A track that was not limited before goes on under its own numbers.
    hearing.numbers.start(arrived.sequence);
    hearing.level = 127 << 8;
    hearing.begun = true;
  }
  const bool speaking = has_seat(core, track, arrived);
  hearing.speaking = speaking;
  const bool forwarded = number(hearing, arrived, speaking);
  if (!forwarded) (speaking ? core.stats.packets_out_of_place : core.stats.packets_unheard).add();
  return forwarded;
}

void compete(Core& core, TrackSlot slot, const TrackParameters& parameters) {
  Track& track = core.tracks[slot];
  const Speakers& before = track.parameters.speakers;
  if (before.room != parameters.speakers.room) leave_seat(core, slot, before);
  // Once its packets were numbered here they always are; a track of several encodings cannot be.
  track.competes |= parameters.speakers.limited() && parameters.kind == MediaKind::audio &&
                    parameters.encoding_count == 1 && !parameters.origin.is_mirror();
}

void restart_hearing(Core& core, TrackSlot track) {
  if (core.tracks[track].competes) core.hearings[track].entered = false;
}

void end_competing(Core& core, TrackSlot track) {
  if (!core.tracks[track].competes) return;
  leave_seat(core, track, core.tracks[track].parameters.speakers);
  core.hearings[track] = {};
  core.tracks[track].competes = false;
}

}  // namespace penstock::sfu
