#pragma once
// One GET, for penstockctl and tests.

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "control/http/message.h"

namespace penstock::control::http {

/// `url`: "http://ADDRESS[:PORT]/PATH" with a numeric address or a host name. Blocks for at most `timeout`. An answer
/// of any status is a value; the error says that there was none.
tl::expected<Response, std::string> get(std::string_view url, std::chrono::milliseconds timeout);

}  // namespace penstock::control::http
