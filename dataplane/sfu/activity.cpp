#include "dataplane/sfu/activity.h"

namespace penstock::sfu {
namespace {

// A camera sends every 33 to 100 ms, a still screen once a second; Opus in DTX every 400 ms.
constexpr std::uint64_t kVideoSilenceNs = 1'500'000'000;
constexpr std::uint64_t kAudioSilenceNs = 3'000'000'000;

}  // namespace

void check_activity(Core& core, TrackSlot slot) {
  const Track& track = core.tracks[slot];
  const std::uint64_t silence = track.parameters.kind == MediaKind::video ? kVideoSilenceNs : kAudioSilenceNs;
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    const Encoding& encoding = track.encodings[i];
    if (encoding.active && core.now_ns() - encoding.last_packet_ns > silence) set_inactive(core, slot, i);
  }
}

void set_inactive(Core& core, TrackSlot slot, std::uint32_t at) {
  Encoding& encoding = core.tracks[slot].encodings[at];
  if (!encoding.active) return;
  encoding.active = false;
  if (core.tracks[slot].is_mirror()) return;  // the origin shows it
  core.board.tracks[slot].encodings[at].active.set(0);
  core.board.dirty_tracks.mark(slot);
}

std::uint8_t active_encodings(const Track& track) {
  std::uint8_t bits = 0;
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    if (track.encodings[i].active) bits = static_cast<std::uint8_t>(bits | 1U << i);
  }
  return bits;
}

}  // namespace penstock::sfu
