#pragma once
// Tracks and subscriptions as JSON of the control API (control/api/README.md).

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/load/sfu/media/audio_source.h"
#include "bench/load/sfu/media/video_source.h"

namespace penstock::load::sfu {

inline constexpr const char* kAudioTrack = "audio";
inline constexpr const char* kVideoTrack = "video";

nlohmann::json track_body(const media::AudioOptions& audio);
nlohmann::json track_body(const media::VideoOptions& video);

/// One track to one endpoint, with SSRCs of our choosing.
struct SubscriptionBody {
  std::string publisher;
  bool video = false;
  std::string mid;
  std::uint32_t ssrc = 0;
  std::uint32_t rtx_ssrc = 0;
  std::optional<unsigned> max_spatial_layer;
  unsigned priority = 0;
};
nlohmann::json to_json(const SubscriptionBody& subscription);

}  // namespace penstock::load::sfu
