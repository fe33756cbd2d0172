#include "dataplane/sfu/turns.h"

#include "dataplane/sfu/activity.h"
#include "dataplane/sfu/connectivity.h"
#include "dataplane/sfu/feedback_out.h"
#include "dataplane/sfu/handshakes.h"
#include "dataplane/sfu/home_pairs.h"
#include "dataplane/sfu/key_frames.h"
#include "dataplane/sfu/reports_out.h"

namespace penstock::sfu {
namespace {

// How long packets are kept for retransmission. A receiver that asks later is better served by a key frame; when the
// media store is filling up, only the latest matters.
constexpr std::uint64_t kKeepNs = 1'000'000'000;
constexpr std::uint64_t kKeepShortNs = 200'000'000;
// And when there is hardly room for what comes, that goes before what has been: live media is not dropped for the sake
// of what somebody may ask for.
constexpr std::uint64_t kKeepLeastNs = 40'000'000;
// Of the media store, an endpoint may have so many parts of 16.
constexpr std::uint64_t kShare = 4;

// Returns how many packets of its tracks are kept.
std::uint64_t look_after_tracks(Core& core, Endpoint& endpoint) {
  std::uint64_t kept = 0;
  for (TrackSlot next = endpoint.first_track; next != 0; next = core.tracks[next - 1].next) {
    check_activity(core, next - 1);
    send_key_frame_requests(core, next - 1);
    kept += expire(core, core.tracks[next - 1]);
  }
  endpoint.media_share_used = kept * 16 > core.settings.media_packets * kShare;
  return kept;
}

void take_turn(Core& core, EndpointSlot slot) {
  Endpoint& endpoint = core.endpoints[slot];
  if (endpoint.generation == 0 || endpoint.departed_to != 0) return;  // removed, or gone; its timer ends here
  check_consent(core, slot);
  keep_home_informed(core, slot);
  announce_pair(core, slot);
  // What is kept has to go even when nothing more is taken, which may be for want of room.
  const bool publishes = look_after_tracks(core, endpoint) > 0 || endpoint.received_media;
  endpoint.received_media = false;
  if (endpoint.connected && endpoint.secured && !endpoint.disconnected) {
    send_feedback(core, slot);
    send_reports(core, slot);
  }
  core.turns.add(slot, core.now_ns() + (publishes ? kPublisherTurnNs : kTurnNs));
}

}  // namespace

std::uint32_t expire(Core& core, Track& track) {
  const bool soon = core.keep_short || track.keep_short;
  const std::uint64_t before_ns = core.now_ns() - (core.keep_least ? kKeepLeastNs : soon ? kKeepShortNs : kKeepNs);
  std::uint32_t left = 0;
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    track.encodings[i].ring.expire(before_ns);
    left += track.encodings[i].ring.size();
  }
  return left;
}

void begin_turns(Core& core, EndpointSlot slot) {
  if (!core.turns.running(slot)) core.turns.add(slot, core.now_ns() + kTurnNs);
}

bool take_turns(Core& core, unsigned budget) {
  return core.turns.advance(core.now_ns(), budget, [&](std::uint32_t slot) { take_turn(core, slot); });
}

}  // namespace penstock::sfu
