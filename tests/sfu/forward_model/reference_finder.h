#pragma once
// How libwebrtc's receiver finds what a VP8 frame refers to, from nothing but picture ids, TL0PICIDX, TID and the Y
// bit: behaviour written down from its RtpVp8RefFinder and RtpFrameIdOnlyRefFinder.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "dataplane/sfu/stored_packet.h"

namespace penstock::sfu::model {

class ReferenceFinder {
 public:
  enum class Result : std::uint8_t { hand_off, stash, drop };

  /// A frame all packets of which have come. `references` gets picture ids.
  Result on_frame(const LayerInfo& layer, bool key, std::int64_t picture_id, std::vector<std::int64_t>& references);

 private:
  static constexpr std::int64_t kNone = -1;
  static constexpr std::int64_t kNotYetReceived = 100;  ///< ids behind the newest that may still be missing
  static constexpr std::int64_t kLayerInfos = 50;
  using LastOfLayers = std::array<std::int64_t, 4>;

  Result with_tl0(const LayerInfo& layer, bool key, std::int64_t id, std::vector<std::int64_t>& references);
  Result refer_to_all_layers(const LastOfLayers& last, std::uint8_t layer, std::int64_t id,
                             std::vector<std::int64_t>& references) const;
  void note(std::int64_t tl0, std::uint8_t layer, std::int64_t id);
  std::int64_t unwrap_tl0(std::uint8_t tl0);

  std::optional<std::int64_t> newest_;
  std::optional<std::int64_t> newest_tl0_;
  std::set<std::int64_t> not_yet_received_;
  std::map<std::int64_t, LastOfLayers> last_of_layers_;  ///< by TL0PICIDX
};

}  // namespace penstock::sfu::model
