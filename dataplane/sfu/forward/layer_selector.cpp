#include "dataplane/sfu/forward/layer_selector.h"

#include <bit>

namespace penstock::sfu {

void LayerSelector::start(MediaKind kind, std::uint8_t max_spatial_layer, bool paused) {
  *this = {};
  video_ = kind == MediaKind::video;
  max_ = max_spatial_layer;
  paused_ = paused;
}

void LayerSelector::set_limit(std::uint8_t max_spatial_layer) {
  if (max_ == max_spatial_layer) return;
  max_ = max_spatial_layer;
  update();
}

void LayerSelector::set_paused(bool paused) {
  if (paused_ == paused) return;
  paused_ = paused;
  current_ = kNone;
  update();
}

void LayerSelector::change_active(std::uint8_t active) {
  active &= (1U << kMostEncodings) - 1;
  if (active_ == active) return;
  active_ = active;
  update();
}

void LayerSelector::forget_current() {
  current_ = last_ = kNone;
  waiting_ = false;
  update();
}

// The target, and whether it is waited for.
void LayerSelector::update() {
  const std::uint32_t allowed = max_ >= kMostEncodings ? active_ : active_ & ((2U << max_) - 1);
  const std::uint8_t target = allowed == 0 ? kNone : static_cast<std::uint8_t>(std::bit_width(allowed) - 1);
  const bool waiting = video_ && !paused_ && target != kNone && target != current_;
  if (waiting && (!waiting_ || target != target_)) {
    ++waits_;
    asked_ns_ = 0;
  }
  target_ = target;
  waiting_ = waiting;
}

// A stream that goes on is left for its target alone. Where nothing does, a lower layer's picture now is better than a
// good one later.
bool LayerSelector::may_enter(std::uint8_t encoding) const {
  if (target_ == kNone) return false;
  return encoding == target_ || (!is_active(current_) && encoding < target_);
}

// A packet of an encoding that is not forwarded at present.
LayerSelector::Step LayerSelector::consider(std::uint8_t encoding, bool entry) {
  if (paused_) return Step::paused;
  if (!entry || !may_enter(encoding)) return current_ == kNone ? Step::wait_key_frame : Step::wrong_layer;
  if (last_ != kNone && last_ != encoding) ++switches_;
  current_ = last_ = encoding;
  if (current_ == target_) waiting_ = false;
  return Step::switch_to;
}

std::optional<std::uint8_t> LayerSelector::key_frame_due(std::uint64_t now_ns) {
  if (!waiting_ || (asked_ns_ != 0 && now_ns - asked_ns_ < kAskAgain_ns)) return std::nullopt;
  asked_ns_ = now_ns;
  return target_;
}

}  // namespace penstock::sfu
