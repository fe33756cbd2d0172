#pragma once
// The control API (/v1): what a signaling server programs Penstock with. control/api/openapi.json describes it.

#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/api/access.h"
#include "control/api/turn_allocations.h"
#include "control/http/router.h"
#include "control/http/server.h"
#include "control/rooms/rooms.h"

namespace penstock::control::api {

/// What the process is doing.
struct Process {
  bool ready = false;  ///< takes new allocations, WHIP and WHEP sessions
  bool draining = false;
  std::optional<unsigned> stuck_worker{};
};

/// What TURN credentials are made of; the first shared secret of the configuration as it is now.
struct TurnIssuer {
  std::string secret;
  std::vector<std::string> urls;  ///< "turn:192.0.2.1:3478?transport=udp"
};

/// All are used on the control thread and outlive the router.
struct Sources {
  rooms::Rooms& rooms;
  TurnAllocations& allocations;
  std::function<Process()> process;
  std::function<std::optional<TurnIssuer>()> turn_issuer;  ///< nothing: no shared secret is configured
  std::function<void()> drain;                             ///< as SIGTERM does; again: as a second SIGTERM does not
  std::string version;
};

/// What the API's listener allows: batches are larger than other requests, and signaling servers stay connected.
http::Limits limits();

/// /v1 behind `gate`, which outlives the router, and /healthz and /readyz in front of it. `limits`: of the listener.
http::Router make_router(const Sources& sources, const Gate& gate, const http::Limits& limits);

/// The OpenAPI 3.1 document that /v1/openapi.json serves.
std::string_view openapi();

}  // namespace penstock::control::api
