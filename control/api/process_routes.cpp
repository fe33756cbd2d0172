#include "control/api/answers.h"
#include "control/api/routes.h"

namespace penstock::control::api {
namespace {

using http::Request;
using http::Response;

Json state_of(const Process& process) {
  return {{"ready", process.ready}, {"draining", process.draining}};
}

}  // namespace

void add_process_routes(http::Router& router, const Sources& sources) {
  router.add("GET", "/v1",
             [&rooms = sources.rooms, process = sources.process, version = sources.version](const Request&) {
               Json json = {{"version", version}, {"epoch", rooms.events().epoch()}};
               json.update(state_of(process()));
               return json_response(200, json);
             });
  router.add("POST", "/v1/drain", [drain = sources.drain, process = sources.process](const Request& request) {
    if (!request.body.empty()) return refused(Fault{422, "", "this takes no body"});
    if (!process().draining) drain();
    return json_response(202, state_of(process()));
  });
  router.add("GET", "/v1/openapi.json", [](const Request&) {
    return Response{.content_type = "application/vnd.oai.openapi+json;version=3.1", .body = std::string(openapi())};
  });
}

void add_health_routes(http::Router& router, const Sources& sources) {
  router.add("GET", "/healthz", [process = sources.process](const Request&) {
    const auto stuck = process().stuck_worker;
    if (stuck) return Response{.status = 503, .body = "worker " + std::to_string(*stuck) + " is stuck\n"};
    return Response{.body = "ok\n"};
  });
  router.add("GET", "/readyz", [process = sources.process](const Request&) {
    const Process now = process();
    if (now.ready) return Response{.body = "ready\n"};
    return Response{.status = 503, .body = now.draining ? "draining\n" : "starting\n"};
  });
}

}  // namespace penstock::control::api
