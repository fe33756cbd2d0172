#include "control/api/api.h"

#include <memory>

#include "control/api/routes.h"

namespace penstock::control::api {

http::Limits limits() {
  http::Limits limits;
  limits.body_bytes = 2U << 20;
  limits.connections = 128;
  limits.streams = 32;
  limits.request_timeout = std::chrono::seconds(30);
  return limits;
}

http::Router make_router(const Sources& sources, const Gate& gate, const http::Limits& limits) {
  http::Router v1;
  v1.use(gate.middleware());
  add_model_routes(v1, sources.rooms);
  add_batch_route(v1, sources.rooms);
  add_event_route(v1, sources.rooms, limits.stream_backlog_bytes);
  add_statistics_routes(v1, sources.rooms);
  add_turn_routes(v1, sources);
  add_process_routes(v1, sources);
  http::Router router;
  add_health_routes(router, sources);
  router.mount("/v1", std::move(v1));
  return router;
}

}  // namespace penstock::control::api
