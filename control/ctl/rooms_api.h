#pragma once
// The control API as penstockctl reads it.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "control/ctl/rooms_command.h"

namespace penstock::control::ctl {

using Json = nlohmann::ordered_json;

/// GET `path`. The error says what the API answered, or that there is none.
tl::expected<Json, std::string> ask(const ApiAddress& api, const std::string& path);

/// Every page of a list: the members `key` of all answers, one after the other.
tl::expected<Json, std::string> ask_all(const ApiAddress& api, const std::string& path, const char* key);

/// One segment of a path.
std::string segment(std::string_view id);

}  // namespace penstock::control::ctl
