#include "control/api/answers.h"
#include "control/api/routes.h"
#include "control/api/views.h"

namespace penstock::control::api {
namespace {

using http::Request;
using http::Response;

// What the process does, and a page of its rooms.
Response statistics(const rooms::Rooms& rooms, const Request& request) {
  const auto page = page_of(request);
  if (!page) return refused(page.error());
  Json json = to_json(rooms.statistics());
  json.update(page_json("rooms", rooms.room_statistics(page->after, page->limit), *page));
  return json_response(200, json);
}

template <class Views>
Json states(const Views& views) {
  Json list = Json::array();
  for (const auto& view : views) {
    Json line = {{"id", view.id}};
    line.update(state_json(view));
    list.push_back(std::move(line));
  }
  return list;
}

// Tracks and subscriptions in one answer, after which it ends with the endpoint: others wait while it is written.
constexpr std::size_t kMostLines = 2'000;

// Everything that counts in a room, by endpoint, track and subscription.
Response room_statistics(const rooms::Rooms& rooms, const Request& request) {
  const auto page = page_of(request);
  if (!page) return refused(page.error());
  const std::string& room = request.parameter("room");
  const auto endpoints = rooms.endpoints(room, page->after, page->limit);
  if (!endpoints) return refused(endpoints.error());
  Json json;
  Json& list = json["endpoints"] = states(*endpoints);
  std::size_t shown = 0;
  for (std::size_t lines = 0; shown < endpoints->size() && lines < kMostLines; ++shown) {
    const rooms::EndpointView& endpoint = (*endpoints)[shown];
    Json& line = list[shown];
    line["tracks"] = states(rooms.tracks(room, endpoint.id).value_or(std::vector<rooms::TrackView>()));
    line["subscriptions"] =
        states(rooms.subscriptions(room, endpoint.id).value_or(std::vector<rooms::SubscriptionView>()));
    lines += endpoint.tracks.size() + endpoint.subscriptions.size();
  }
  const bool last = shown == endpoints->size() && shown < page->limit;
  list.get_ref<Json::array_t&>().resize(shown);
  json["next"] = last ? Json() : Json((*endpoints)[shown - 1].id);
  return json_response(200, json);
}

}  // namespace

void add_statistics_routes(http::Router& router, const rooms::Rooms& rooms) {
  router.add("GET", "/v1/stats", [&rooms](const Request& request) { return statistics(rooms, request); });
  router.add("GET", "/v1/rooms/{room}/stats",
             [&rooms](const Request& request) { return room_statistics(rooms, request); });
}

}  // namespace penstock::control::api
