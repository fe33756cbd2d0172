#include "bench/load/sfu/rooms/bodies.h"

#include "bench/load/sfu/media/negotiated.h"

namespace penstock::load::sfu {
namespace {

using nlohmann::json;

json extensions(const rtp::ExtensionIds& ids) {
  json list = json::array();
  for (std::size_t i = 0; i < rtp::kExtensions; ++i) {
    const auto extension = static_cast<rtp::Extension>(i);
    if (ids[extension] != 0) list.push_back({{"uri", rtp::uri_of(extension)}, {"id", ids[extension]}});
  }
  return list;
}

json audio_section(const std::string& mid) {
  return {{"kind", "audio"},
          {"mid", mid},
          {"codecs", json::array({{{"name", "opus"}, {"payload_type", media::kOpus}}})},
          {"extensions", extensions(media::audio_extensions())},
          {"feedback", {{"transport", true}}}};
}

json video_section(const std::string& mid) {
  return {{"kind", "video"},
          {"mid", mid},
          {"codecs",
           json::array({{{"name", "VP8"}, {"payload_type", media::kVp8}},
                        {{"name", "rtx"}, {"payload_type", media::kRtx}, {"associated_payload_type", media::kVp8}}})},
          {"extensions", extensions(media::video_extensions())},
          {"feedback", {{"nack", true}, {"pli", true}, {"fir", true}, {"transport", true}}}};
}

}  // namespace

json track_body(const media::AudioOptions& audio) {
  json body = audio_section(audio.mid);
  body["encodings"] = json::array({{{"ssrc", audio.ssrc}}});
  return body;
}

json track_body(const media::VideoOptions& video) {
  json body = video_section(video.encodings.front().mid);
  json encodings = json::array();
  for (const media::Vp8Options& encoding : video.encodings) {
    if (encoding.rid.empty()) {
      encodings.push_back({{"ssrc", encoding.ssrc}, {"rtx_ssrc", encoding.rtx_ssrc}});
    } else {
      encodings.push_back({{"rid", encoding.rid}});
    }
  }
  body["encodings"] = std::move(encodings);
  return body;
}

json to_json(const SubscriptionBody& subscription) {
  json body = subscription.video ? video_section(subscription.mid) : audio_section(subscription.mid);
  body["track"] = {{"endpoint", subscription.publisher}, {"track", subscription.video ? kVideoTrack : kAudioTrack}};
  body["ssrc"] = subscription.ssrc;
  if (subscription.rtx_ssrc != 0) body["rtx_ssrc"] = subscription.rtx_ssrc;
  if (subscription.max_spatial_layer) body["max_spatial_layer"] = *subscription.max_spatial_layer;
  if (subscription.priority != 0) body["priority"] = subscription.priority;
  return body;
}

}  // namespace penstock::load::sfu
