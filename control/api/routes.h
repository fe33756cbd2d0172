#pragma once
// The routes, by subject. What they capture outlives the router. Private to control/api.

#include "control/api/api.h"
#include "control/http/router.h"

namespace penstock::control::api {

/// Rooms, endpoints, tracks, subscriptions: one at a time, and lists.
void add_model_routes(http::Router& router, rooms::Rooms& rooms);
void add_batch_route(http::Router& router, rooms::Rooms& rooms);
void add_event_route(http::Router& router, rooms::Rooms& rooms, std::size_t backlog_bytes);
void add_statistics_routes(http::Router& router, const rooms::Rooms& rooms);
void add_turn_routes(http::Router& router, const Sources& sources);
/// /v1 itself, the drain, the OpenAPI file.
void add_process_routes(http::Router& router, const Sources& sources);
/// /healthz and /readyz.
void add_health_routes(http::Router& router, const Sources& sources);

}  // namespace penstock::control::api
