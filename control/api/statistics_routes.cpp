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

// Everything that counts in a room, by endpoint, track and subscription.
Response room_statistics(const rooms::Rooms& rooms, const Request& request) {
  const auto page = page_of(request);
  if (!page) return refused(page.error());
  const std::string& room = request.parameter("room");
  const auto endpoints = rooms.endpoints(room, page->after, page->limit);
  if (!endpoints) return refused(endpoints.error());
  Json json;
  Json& list = json["endpoints"] = states(*endpoints);
  for (std::size_t i = 0; i < endpoints->size(); ++i) {
    const std::string& id = (*endpoints)[i].id;
    list[i]["tracks"] = states(rooms.tracks(room, id).value_or(std::vector<rooms::TrackView>()));
    list[i]["subscriptions"] = states(rooms.subscriptions(room, id).value_or(std::vector<rooms::SubscriptionView>()));
  }
  json["next"] = endpoints->size() < page->limit ? Json() : Json(endpoints->back().id);
  return json_response(200, json);
}

}  // namespace

void add_statistics_routes(http::Router& router, const rooms::Rooms& rooms) {
  router.add("GET", "/v1/stats", [&rooms](const Request& request) { return statistics(rooms, request); });
  router.add("GET", "/v1/rooms/{room}/stats",
             [&rooms](const Request& request) { return room_statistics(rooms, request); });
}

}  // namespace penstock::control::api
