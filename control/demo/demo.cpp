#include "control/demo/demo.h"

#include <nlohmann/json.hpp>

#include "control/demo/page.h"
#include "control/http/problem.h"

namespace penstock::control::demo {
namespace {

using nlohmann::json;

constexpr std::size_t kMostPublishers = 64;
constexpr std::size_t kPage = 256;

http::Handler page(const char* type, std::string_view text) {
  return [type, text](const http::Request&) { return http::Response{.content_type = type, .body = std::string(text)}; };
}

json track_json(const rooms::TrackView& track) {
  json encodings = json::array();
  for (const rooms::EncodingView& e : track.encodings) {
    encodings.push_back({{"active", e.active}, {"width", e.width}, {"height", e.height}, {"bit_rate", e.bit_rate}});
  }
  return {{"track", track.id},
          {"kind", sfu::kMediaKindNames[static_cast<std::size_t>(track.spec.kind)]},
          {"encodings", encodings}};
}

json publisher_json(const rooms::Rooms& rooms, const rooms::EndpointView& endpoint) {
  json tracks = json::array();
  if (const auto views = rooms.tracks(endpoint.room, endpoint.id)) {
    for (const rooms::TrackView& track : *views) tracks.push_back(track_json(track));
  }
  return {{"endpoint", endpoint.id}, {"tracks", tracks}};
}

// Those of the room that publish; nobody yet is an empty list.
http::Response publishers(const rooms::Rooms& rooms, const http::Request& request) {
  json list = json::array();
  const std::string& room = request.parameter("room");
  std::string after;
  while (list.size() < kMostPublishers) {
    const auto page = rooms.endpoints(room, after, kPage);
    if (!page || page->empty()) break;
    after = page->back().id;
    for (const rooms::EndpointView& endpoint : *page) {
      if (endpoint.tracks.empty() || endpoint.ice_state != rooms::IceViewState::connected) continue;
      if (list.size() < kMostPublishers) list.push_back(publisher_json(rooms, endpoint));
    }
  }
  return {.content_type = "application/json", .body = list.dump()};
}

std::optional<std::uint8_t> layer_of(const std::string& body) {
  const json given = json::parse(body, nullptr, false);
  if (!given.is_object() || given.size() != 1 || !given.contains("max_spatial_layer")) return std::nullopt;
  const json& layer = given["max_spatial_layer"];
  if (layer.is_null()) return sfu::kAnyLayer;
  if (!layer.is_number_unsigned() || layer.get<std::uint64_t>() >= sfu::kMostEncodings) return std::nullopt;
  return layer.get<std::uint8_t>();
}

// Of every video that the session plays.
http::Response choose_layer(rooms::Rooms& rooms, const http::Request& request) {
  const auto layer = layer_of(request.body);
  if (!layer) return http::problem(400, "expected {\"max_spatial_layer\": 0 to 3, or null for any}");
  const std::string& room = request.parameter("room");
  const std::string& endpoint = request.parameter("endpoint");
  const auto subscriptions = rooms.subscriptions(room, endpoint);
  if (!subscriptions) return http::problem(404, subscriptions.error().sentence);
  std::vector<rooms::Step> steps;
  for (const rooms::SubscriptionView& s : *subscriptions) {
    if (s.spec.kind != sfu::MediaKind::video) continue;
    rooms::PatchSubscription patch{room, endpoint, s.id, {}};
    patch.patch.max_spatial_layer = *layer;
    steps.push_back({std::move(patch)});
  }
  const auto applied = rooms.apply(steps);
  return applied ? http::Response{.status = 204} : http::problem(409, applied.error().error.sentence);
}

}  // namespace

void add_routes(http::Router& router, rooms::Rooms& rooms) {
  router.add("GET", "/", page("text/html; charset=utf-8", page_html()));
  router.add("GET", "/page.js", page("text/javascript; charset=utf-8", page_script()));
  router.add("GET", "/page.css", page("text/css; charset=utf-8", page_style()));
  router.add("GET", "/demo/{room}", [&rooms](const http::Request& r) { return publishers(rooms, r); });
  router.add("PATCH", "/demo/{room}/{endpoint}", [&rooms](const http::Request& r) { return choose_layer(rooms, r); });
}

}  // namespace penstock::control::demo
