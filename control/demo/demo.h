#pragma once
// The demo page: open it in two tabs and see and hear each other. It speaks WHIP and WHEP like any client; what those
// do not tell, it asks the routes below.
//
//   GET   /                          the page; its script and style beside it
//   GET   /demo/{room}               who publishes: [{"endpoint", "tracks": [...]}]
//   PATCH /demo/{room}/{endpoint}    {"max_spatial_layer": 0..3 or null}: of what that WHEP session plays

#include "control/http/router.h"
#include "control/rooms/rooms.h"

namespace penstock::control::demo {

/// `rooms` outlives the router.
void add_routes(http::Router& router, rooms::Rooms& rooms);

}  // namespace penstock::control::demo
