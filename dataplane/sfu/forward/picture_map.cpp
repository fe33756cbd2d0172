#include "dataplane/sfu/forward/picture_map.h"

#include <bit>

namespace penstock::sfu {
void PictureMap::start(std::uint16_t first_picture_id) {
  *this = {};
  newest_sent_ = first_picture_id - 1U;
  newest_tl0_ = static_cast<std::uint8_t>(first_picture_id);  // as good a beginning as any
}

void PictureMap::enter(const LayerInfo& layer) {
  sent_ = 1;
  dropped_ = 0;
  if (layer.has_picture_id) {
    newest_ = layer.picture_id;
    ++newest_sent_;
  }
  if (layer.has_tl0_index) {
    ++newest_tl0_;
    tl0_shift_ = static_cast<std::uint8_t>(newest_tl0_ - layer.tl0_index);
    last_tl0_ = layer.tl0_index;
  }
}

void PictureMap::advance(const LayerInfo& layer, bool key_frame, bool forwarded, std::uint64_t missing) {
  if (layer.has_picture_id) advance_picture_id(layer, forwarded, missing);
  if (!layer.has_tl0_index) return;
  advance_tl0(layer, key_frame, missing);
  if (forwarded) sent_tl0(layer);
}

void PictureMap::advance_picture_id(const LayerInfo& layer, bool forwarded, std::uint64_t missing) {
  const std::uint32_t steps = ahead(layer);
  newest_ = layer.picture_id;
  if (steps == 0) return;  // a sender that does not count
  if (steps < kFrames && steps - 1 <= missing) {
    newest_sent_ += steps - (forwarded ? 0 : 1);
    sent_ = sent_ << steps | (forwarded ? 1 : 0);
    dropped_ = dropped_ << steps | (forwarded ? 0 : 1);
    return;
  }
  // Counted anew, or very much was lost: then the receiver has to see that something is missing.
  newest_sent_ += (missing != 0 ? 1 : 0) + (forwarded ? 1 : 0);
  sent_ = forwarded ? 1 : 0;
  dropped_ = forwarded ? 0 : 1;
}

void PictureMap::advance_tl0(const LayerInfo& layer, bool key_frame, std::uint64_t missing) {
  const auto step = static_cast<std::uint8_t>(layer.tl0_index - last_tl0_);
  last_tl0_ = layer.tl0_index;
  // Counted anew, which only a key frame may.
  if (key_frame && (step == 0 || step - 1U > missing)) {
    tl0_shift_ = static_cast<std::uint8_t>(newest_tl0_ + 1 - layer.tl0_index);
  }
}

void PictureMap::sent_tl0(const LayerInfo& layer) {
  const std::uint8_t sent = tl0_index(layer);
  if (static_cast<std::uint8_t>(sent - newest_tl0_) < 128) newest_tl0_ = sent;
}

PictureMap::Frame PictureMap::find(const LayerInfo& layer) const {
  if (!layer.has_picture_id) return Frame::unknown;
  const std::uint32_t back = behind(layer);
  if (back >= kFrames) return Frame::too_old;
  if ((sent_ >> back & 1) != 0) return Frame::sent;
  return (dropped_ >> back & 1) != 0 ? Frame::dropped : Frame::unknown;
}

void PictureMap::fill(const LayerInfo& layer) {
  if (layer.has_picture_id && behind(layer) < kFrames) sent_ |= std::uint64_t{1} << behind(layer);
  if (layer.has_tl0_index) sent_tl0(layer);
}

std::uint16_t PictureMap::earlier_picture_id(const LayerInfo& layer) const {
  const std::uint32_t back = behind(layer) % kFrames;
  const std::uint64_t newer = (std::uint64_t{1} << back) - 1;
  const auto dropped = static_cast<std::uint32_t>(std::popcount(dropped_ & newer));
  return static_cast<std::uint16_t>((newest_sent_ - back + dropped) & 0x7fff);
}

}  // namespace penstock::sfu
