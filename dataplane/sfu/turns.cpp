#include "dataplane/sfu/turns.h"

#include "dataplane/sfu/activity.h"
#include "dataplane/sfu/connectivity.h"
#include "dataplane/sfu/feedback_out.h"
#include "dataplane/sfu/handshakes.h"
#include "dataplane/sfu/key_frames.h"
#include "dataplane/sfu/reports_out.h"

namespace penstock::sfu {
namespace {

// A publisher's losses are asked for within this, everything else can wait.
constexpr std::uint64_t kPublisherTurnNs = 10'000'000;
constexpr std::uint64_t kTurnNs = 100'000'000;

void look_after_tracks(Core& core, const Endpoint& endpoint) {
  for (TrackSlot next = endpoint.first_track; next != 0; next = core.tracks[next - 1].next) {
    check_activity(core, next - 1);
    send_key_frame_requests(core, next - 1);
  }
}

void take_turn(Core& core, EndpointSlot slot) {
  Endpoint& endpoint = core.endpoints[slot];
  if (endpoint.generation == 0) return;  // removed; its timer ends here
  check_consent(core, slot);
  announce_pair(core, slot);
  const bool publishes = endpoint.received_media;
  endpoint.received_media = false;
  look_after_tracks(core, endpoint);
  if (endpoint.connected && endpoint.secured && !endpoint.disconnected) {
    send_feedback(core, slot);
    send_reports(core, slot);
  }
  core.turns.add(slot, core.now_ns() + (publishes ? kPublisherTurnNs : kTurnNs));
}

}  // namespace

void begin_turns(Core& core, EndpointSlot slot) {
  if (!core.turns.running(slot)) core.turns.add(slot, core.now_ns() + kTurnNs);
}

bool take_turns(Core& core, unsigned budget) {
  return core.turns.advance(core.now_ns(), budget, [&](std::uint32_t slot) { take_turn(core, slot); });
}

}  // namespace penstock::sfu
