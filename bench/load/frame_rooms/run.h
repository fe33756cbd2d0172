#pragma once
// One run from the link to the report.

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "bench/load/frame_rooms/options.h"

namespace penstock::frame_rooms {

/// Does what `options` ask for. The error says why nothing could be measured.
tl::expected<nlohmann::ordered_json, std::string> run(const Options& options);

}  // namespace penstock::frame_rooms
