#include "dataplane/sfu/apply.h"

#include "dataplane/sfu/key_frames.h"
#include "dataplane/sfu/mirror.h"
#include "dataplane/sfu/tables.h"

namespace penstock::sfu {
namespace {

struct Apply {
  Core& core;

  void operator()(const AddEndpoint& add) const { add_endpoint(core, add); }
  void operator()(const RemoveEndpoint& remove) const { remove_endpoint(core, remove.slot); }
  void operator()(const RestartIce& restart) const { restart_ice(core, restart); }
  void operator()(const InstallKeys& keys) const { install_keys(core, keys); }
  void operator()(const LimitPublisher& limit) const { limit_publisher(core, limit); }
  void operator()(const SetTrack& set) const { set_track(core, set); }
  void operator()(const RemoveTrack& remove) const { remove_track(core, remove.slot); }
  void operator()(const AddMirror& add) const { add_mirror(core, add); }
  void operator()(const RemoveMirror& remove) const { remove_mirror(core, remove.track, remove.worker); }
  void operator()(const MoveEndpoint&) const {}
  void operator()(const SetSubscription& set) const { set_subscription(core, set); }
  void operator()(const RemoveSubscription& remove) const { remove_subscription(core, remove.slot); }
  void operator()(const RequestKeyFrame& request) const {
    for (std::uint32_t i = 0; i < core.tracks[request.slot].parameters.encoding_count; ++i) {
      want_key_frame(core, request.slot, i);
    }
  }
};

}  // namespace

void apply(Core& core, const Update& update) {
  for (const Operation& operation : update.operations) std::visit(Apply{core}, operation);
}

}  // namespace penstock::sfu
