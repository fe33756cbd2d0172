#include "tests/sfu/forward_model/reference_finder.h"

namespace penstock::sfu::model {

ReferenceFinder::Result ReferenceFinder::on_frame(const LayerInfo& layer, bool key, std::int64_t picture_id,
                                                  std::vector<std::int64_t>& references) {
  references.clear();
  if (layer.has_temporal_id && layer.has_tl0_index) return with_tl0(layer, key, picture_id, references);
  // Ids alone: every frame refers to the one before its own.
  if (!key) references.push_back(picture_id - 1);
  return Result::hand_off;
}

ReferenceFinder::Result ReferenceFinder::with_tl0(const LayerInfo& layer, bool key, std::int64_t id,
                                                  std::vector<std::int64_t>& references) {
  if (!newest_) newest_ = id;
  not_yet_received_.erase(not_yet_received_.begin(), not_yet_received_.lower_bound(id - kNotYetReceived));
  while (*newest_ < id) not_yet_received_.insert(++*newest_);
  const std::int64_t tl0 = unwrap_tl0(layer.tl0_index);
  last_of_layers_.erase(last_of_layers_.begin(), last_of_layers_.lower_bound(tl0 - kLayerInfos));
  if (key) {
    if (layer.temporal_id != 0) return Result::drop;
    last_of_layers_[tl0].fill(kNone);
    note(tl0, 0, id);
    return Result::hand_off;
  }
  const auto base = last_of_layers_.find(layer.temporal_id == 0 ? tl0 - 1 : tl0);
  if (base == last_of_layers_.end()) return Result::stash;
  const LastOfLayers last = base->second;
  if (layer.temporal_id == 0) {
    last_of_layers_.emplace(tl0, last);
    if (last[0] >= id) return Result::drop;
    references.push_back(last[0]);
  } else if (layer.layer_sync) {
    if (last[layer.temporal_id] != kNone && last[layer.temporal_id] >= id) return Result::drop;
    references.push_back(last[0]);
  } else {
    const Result result = refer_to_all_layers(last, layer.temporal_id, id, references);
    if (result != Result::hand_off) return result;
  }
  note(tl0, layer.temporal_id, id);
  return Result::hand_off;
}

// Held back while an id between the frame and one that it refers to is missing: that may be what it refers to.
ReferenceFinder::Result ReferenceFinder::refer_to_all_layers(const LastOfLayers& last, std::uint8_t layer,
                                                             std::int64_t id,
                                                             std::vector<std::int64_t>& references) const {
  for (std::uint8_t l = 0; l <= layer; ++l) {
    if (last[l] == kNone) return Result::stash;
    if (last[l] >= id) return Result::drop;
    const auto missing = not_yet_received_.upper_bound(last[l]);
    if (missing != not_yet_received_.end() && *missing < id) return Result::stash;
    references.push_back(last[l]);
  }
  return Result::hand_off;
}

void ReferenceFinder::note(std::int64_t tl0, std::uint8_t layer, std::int64_t id) {
  for (auto at = last_of_layers_.find(tl0); at != last_of_layers_.end(); at = last_of_layers_.find(++tl0)) {
    if (at->second[layer] != kNone && at->second[layer] > id) break;
    at->second[layer] = id;
  }
  not_yet_received_.erase(id);
}

std::int64_t ReferenceFinder::unwrap_tl0(std::uint8_t tl0) {
  if (!newest_tl0_) newest_tl0_ = tl0;
  const auto step = static_cast<std::int8_t>(static_cast<std::uint8_t>(tl0 - static_cast<std::uint8_t>(*newest_tl0_)));
  const std::int64_t unwrapped = *newest_tl0_ + step;
  newest_tl0_ = unwrapped;
  return unwrapped;
}

}  // namespace penstock::sfu::model
