#include <fmt/format.h>

#include "control/api/answers.h"
#include "control/api/conditions.h"
#include "control/api/resources.h"
#include "control/api/routes.h"
#include "control/api/views.h"

namespace penstock::control::api {
namespace {

using http::Request;
using http::Response;

Response outcome_response(const Operation& operation, const Request& request, const rooms::Outcome& outcome) {
  if (operation.method == "DELETE") return {.status = 204};
  if (operation.resource == Resource::key_frame) return {.status = 202};
  Response response = json_response(outcome.created ? 201 : 200, to_json(outcome));
  if (outcome.created) response.headers.set("Location", request.path);
  return with_entity_tag(request, std::move(response), entity_tag(outcome));
}

Response change(rooms::Rooms& rooms, const Operation& operation, const Request& request) {
  const auto body = body_of(request, !takes_body(operation.method));
  if (!body) return refused(body.error());
  if (!takes_body(operation.method) && !body->is_null()) {
    return refused(Fault{422, "", "this takes no body"});
  }
  auto precondition = precondition_of(request);
  if (!precondition) return refused(precondition.error());
  auto made = change_of(operation, request.parameters, *body, "");
  if (!made) return refused(made.error());
  const auto outcome = rooms.apply(rooms::Step{std::move(*made), std::move(*precondition)});
  if (!outcome) return refused(outcome.error());
  return outcome_response(operation, request, *outcome);
}

/// A GET of one object.
template <class View>
Response show(const Request& request, const tl::expected<View, rooms::Error>& view) {
  if (!view) return refused(view.error());
  return with_entity_tag(request, json_response(200, to_json(*view)), view->etag);
}

/// A GET of all that an endpoint has of a kind.
template <class View>
Response list(const char* name, const tl::expected<std::vector<View>, rooms::Error>& views) {
  if (!views) return refused(views.error());
  Json json;
  Json& out = json[name] = Json::array();
  for (const View& view : *views) out.push_back(to_json(view));
  return json_response(200, json);
}

void add_reads(http::Router& router, rooms::Rooms& rooms) {
  const auto add = [&](Resource resource, auto handler) {
    router.add("GET", std::string(pattern_of(resource)), std::move(handler));
  };
  add(Resource::room, [&rooms](const Request& r) { return show(r, rooms.room(r.parameter("room"))); });
  add(Resource::endpoint,
      [&rooms](const Request& r) { return show(r, rooms.endpoint(r.parameter("room"), r.parameter("endpoint"))); });
  add(Resource::track, [&rooms](const Request& r) {
    return show(r, rooms.track(r.parameter("room"), r.parameter("endpoint"), r.parameter("track")));
  });
  add(Resource::subscription, [&rooms](const Request& r) {
    return show(r, rooms.subscription(r.parameter("room"), r.parameter("endpoint"), r.parameter("subscription")));
  });
}

void add_lists(http::Router& router, rooms::Rooms& rooms) {
  router.add("GET", "/v1/rooms", [&rooms](const Request& r) {
    const auto page = page_of(r);
    if (!page) return refused(page.error());
    return json_response(200, page_json("rooms", rooms.rooms(page->after, page->limit), *page));
  });
  router.add("GET", "/v1/rooms/{room}/endpoints", [&rooms](const Request& r) {
    const auto page = page_of(r);
    if (!page) return refused(page.error());
    const auto views = rooms.endpoints(r.parameter("room"), page->after, page->limit);
    return views ? json_response(200, page_json("endpoints", *views, *page)) : refused(views.error());
  });
  router.add("GET", "/v1/rooms/{room}/endpoints/{endpoint}/tracks", [&rooms](const Request& r) {
    return list("tracks", rooms.tracks(r.parameter("room"), r.parameter("endpoint")));
  });
  router.add("GET", "/v1/rooms/{room}/endpoints/{endpoint}/subscriptions", [&rooms](const Request& r) {
    return list("subscriptions", rooms.subscriptions(r.parameter("room"), r.parameter("endpoint")));
  });
}

}  // namespace

void add_model_routes(http::Router& router, rooms::Rooms& rooms) {
  for (const Operation& operation : kOperations) {
    router.add(std::string(operation.method), std::string(pattern_of(operation.resource)),
               [&rooms, operation](const Request& request) { return change(rooms, operation, request); });
  }
  router.add("POST", "/v1/leases/{owner}", [&rooms](const Request& r) {
    return json_response(200, {{"renewed", rooms.renew_leases(r.parameter("owner"))}});
  });
  add_reads(router, rooms);
  add_lists(router, rooms);
}

}  // namespace penstock::control::api
