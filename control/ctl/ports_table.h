#pragma once
// What `penstockctl ports` prints.

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::control::ctl {

/// From an answer of /ports. The error says that it is none.
tl::expected<std::string, std::string> ports_table(std::string_view ports);

}  // namespace penstock::control::ctl
