#include "dataplane/sfu/forward/temporal_filter.h"

#include <algorithm>

namespace penstock::sfu {

void TemporalFilter::enter(std::uint64_t sequence) {
  layers_ = target_;
  since_.fill(sequence);
}

bool TemporalFilter::admit(const StoredPacket& packet) {
  layers_ = std::min(layers_, target_);
  if (packet.key_frame) {
    for (std::uint8_t layer = layers_; layer < target_; ++layer) since_[layer] = packet.sequence;
    layers_ = target_;
  }
  const std::uint8_t layer = packet.layer.has_temporal_id ? packet.layer.temporal_id : 0;
  if (layer <= layers_) return true;
  const bool next = layer == layers_ + 1 && layer <= target_;
  if (!next || !packet.layer.layer_sync || !packet.frame_start) return false;
  layers_ = layer;
  since_[layer - 1U] = packet.sequence;
  return true;
}

bool TemporalFilter::admit_late(const StoredPacket& packet) const {
  const std::uint8_t layer = packet.layer.has_temporal_id ? packet.layer.temporal_id : 0;
  if (layer == 0) return true;
  return layer <= layers_ && packet.sequence > since_[layer - 1U];
}

}  // namespace penstock::sfu
