#include "dataplane/sfu/apply.h"

#include "dataplane/sfu/key_frames.h"
#include "dataplane/sfu/mirror.h"
#include "dataplane/sfu/move.h"
#include "dataplane/sfu/tables.h"

namespace penstock::sfu {
namespace {

// Does one operation, or a part of it; true when it is whole.
struct Apply {
  Core& core;
  Work& work;

  bool operator()(const AddEndpoint& add) const {
    add_endpoint(core, add);
    return spent(40);
  }
  bool operator()(const RemoveEndpoint& remove) const { return remove_endpoint(core, remove.slot, work) && spent(0); }
  bool operator()(const RestartIce& restart) const {
    restart_ice(core, restart);
    return spent(8);
  }
  bool operator()(const InstallKeys& keys) const {
    install_keys(core, keys, work);
    return spent(40);
  }
  bool operator()(const LimitPublisher& limit) const {
    limit_publisher(core, limit);
    return spent(2);
  }
  bool operator()(const SetTrack& set) const {
    set_track(core, set);
    return spent(16);
  }
  bool operator()(const RemoveTrack& remove) const { return remove_track(core, remove.slot, work) && spent(0); }
  bool operator()(const AddMirror& add) const {
    add_mirror(core, add);
    return spent(2);
  }
  bool operator()(const RemoveMirror& remove) const {
    remove_mirror(core, remove.track, remove.worker);
    return spent(2);
  }
  bool operator()(const SetSubscription& set) const {
    set_subscription(core, set);
    return spent(12);
  }
  bool operator()(const RemoveSubscription& remove) const {
    remove_subscription(core, remove.slot);
    return spent(8);
  }
  bool operator()(const RequestKeyFrame& request) const {
    const std::uint32_t count = core.tracks[request.slot].parameters.encoding_count;
    for (std::uint32_t i = 0; i < count; ++i) want_key_frame(core, request.slot, i);
    return spent(16 * static_cast<int>(count));
  }
  bool operator()(const MoveEndpoint& move) const { return move_endpoint(core, move, work) && spent(1); }

  bool spent(int units) const {
    work.spend(units);
    core.stats.operations.add();
    return true;
  }
};

}  // namespace

void UpdateQueue::add(const Update* update) {
  update->next = nullptr;
  (last_ == nullptr ? first_ : last_->next) = update;
  last_ = update;
}

bool UpdateQueue::step(Core& core, Work work) {
  while (first_ != nullptr) {
    for (; next_operation_ < first_->operations.size(); ++next_operation_) {
      if (work.spent()) return true;
      if (!std::visit(Apply{core, work}, first_->operations[next_operation_])) return true;
    }
    const Update* done = first_;
    first_ = done->next;
    if (first_ == nullptr) last_ = nullptr;
    next_operation_ = 0;
    applied_.store(done->number, std::memory_order_release);  // control may free it from here on
  }
  return false;
}

}  // namespace penstock::sfu
