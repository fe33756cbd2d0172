#pragma once
// The result of a run as JSON; bench/README.md says what the fields mean.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/load/frame_rooms/broadcast.h"
#include "bench/load/frame_rooms/drain.h"
#include "bench/load/frame_rooms/options.h"
#include "bench/load/frames/relay_watcher.h"

namespace penstock::frame_rooms {

/// What it took to connect everybody.
struct SetupResult {
  double seconds = 0;
  std::string profile;
};

nlohmann::ordered_json to_json(const Options& options, const SetupResult& setup, const BroadcastResult& result,
                               const std::optional<frames::ServerResult>& server);
nlohmann::ordered_json to_json(const Options& options, const DrainResult& result);

}  // namespace penstock::frame_rooms
