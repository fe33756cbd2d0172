#pragma once
// What `penstockctl status` prints.

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace penstock::control::ctl {

/// From two answers of /status, `seconds` apart. The error says that they are none.
tl::expected<std::string, std::string> status_table(std::string_view before, std::string_view after, double seconds);

/// The TURN URIs it serves; none when it is no answer of /status.
std::vector<std::string> uris_of(std::string_view status);

/// "ready", "draining", "starting"; empty when it is no answer of /status.
std::string state_of(std::string_view status);

}  // namespace penstock::control::ctl
