#include "control/lifecycle/endpoints.h"

#include <fmt/format.h>

#include <memory>

#include "control/metrics/collector.h"
#include "control/metrics/ports_json.h"
#include "control/metrics/status.h"

namespace penstock::control {
namespace {

http::Response text(unsigned status, std::string body) {
  return {.status = status, .body = std::move(body)};
}

}  // namespace

http::Router make_router(EndpointSources given) {
  const auto sources = std::make_shared<const EndpointSources>(std::move(given));
  const auto collector = std::make_shared<const Collector>(sources->workers, *sources->load, sources->state);
  http::Router router;
  router.add("GET", "/metrics", [collector](const http::Request&) {
    return http::Response{.content_type = kExpositionType, .body = expose(*collector)};
  });
  router.add("GET", "/healthz", [sources](const http::Request&) {
    const auto stuck = sources->stuck_worker();
    return stuck ? text(503, fmt::format("worker {} is stuck\n", *stuck)) : text(200, "ok\n");
  });
  router.add("GET", "/readyz", [sources](const http::Request&) {
    const ProcessState state = sources->state();
    return state.ready ? text(200, "ready\n") : text(503, state.draining ? "draining\n" : "starting\n");
  });
  router.add("GET", "/status", [sources](const http::Request&) {
    return http::Response{.content_type = "application/json",
                          .body = status_json(sources->workers, sources->load->loads(), sources->state())};
  });
  router.add("GET", "/ports", [sources](const http::Request&) {
    return http::Response{.content_type = "application/json",
                          .body = ports_json(sources->state().ports, sources->workers)};
  });
  router.add("GET", "/", [](const http::Request&) { return text(200, "/metrics /healthz /readyz /status /ports\n"); });
  return router;
}

}  // namespace penstock::control
