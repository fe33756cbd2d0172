#pragma once
// Rooms, endpoints and subscriptions as tables for people.

#include <string>

#include "control/ctl/rooms_api.h"

namespace penstock::control::ctl {

/// All take what the API tells; a member that is not as it should be throws nlohmann::json::exception.
std::string rooms_table(const Json& rooms);
std::string endpoints_table(const Json& endpoints);
std::string tracks_table(const Json& tracks);
std::string subscriptions_table(const Json& subscriptions);
/// The rooms with most traffic, `most` of them, below the workers. `stats`: of GET /v1/stats.
std::string top_table(const Json& stats, const Json& rooms, std::size_t most);

}  // namespace penstock::control::ctl
