#include "bench/load/frame_rooms/program.h"

#include <fmt/format.h>

#include "bench/load/sfu/peer/ortc.h"
#include "bench/load/sfu/rooms/batch.h"
#include "bench/load/sfu/rooms/bodies.h"

namespace penstock::frame_rooms {
namespace {

using load::peer::TransportParameters;
using nlohmann::json;

constexpr const char* kRoom = "/v1/rooms/frames";

std::string path_of(std::size_t endpoint) {
  return fmt::format("{}/endpoints/e{}", kRoom, endpoint);
}

json track() {
  load::media::Vp8Options vp8;
  vp8.mid = "v";
  vp8.ssrc = Ssrcs::kPublished;
  vp8.rtx_ssrc = Ssrcs::kPublishedRtx;
  load::media::VideoOptions video;
  video.encodings = {vp8};
  return load::sfu::track_body(video);
}

json subscription(std::uint32_t viewer) {
  load::sfu::SubscriptionBody body;
  body.publisher = "e0";
  body.video = true;
  body.mid = "0";
  body.ssrc = Ssrcs::of_viewer(viewer);
  body.rtx_ssrc = Ssrcs::rtx_of_viewer(viewer);
  return load::sfu::to_json(body);
}

}  // namespace

Program::~Program() {
  (void)api_.remove(kRoom);
}

tl::expected<std::vector<TransportParameters>, std::string> Program::make(
    std::span<const TransportParameters> endpoints) {
  if (auto room = api_.put(kRoom, json::object()); !room) return tl::unexpected(room.error());
  load::sfu::Batch made(api_);
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    json body = load::peer::to_ortc(endpoints[i]);
    if (i == 0) body["tracks"] = {{load::sfu::kVideoTrack, track()}};
    made.put(path_of(i), std::move(body));
  }
  const auto answers = made.post();
  if (!answers) return tl::unexpected(answers.error());
  load::sfu::Batch subscriptions(api_);
  for (std::uint32_t i = 1; i < endpoints.size(); ++i) {
    subscriptions.put(path_of(i) + "/subscriptions/video", subscription(i));
  }
  if (auto done = subscriptions.post(); !done) return tl::unexpected(done.error());

  std::vector<TransportParameters> remotes;
  for (const json& answer : *answers) {
    auto remote = load::peer::from_ortc(answer.value("local", json()));
    if (!remote) return tl::unexpected(remote.error());
    remotes.push_back(std::move(*remote));
  }
  return remotes;
}

}  // namespace penstock::frame_rooms
