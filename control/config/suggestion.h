#pragma once
// "Did you mean": the nearest known name to a mistyped one.

#include <span>
#include <string>
#include <string_view>

namespace penstock::control {

/// "; did you mean 'NAME'?" for the known name at most three edits away, else nothing.
std::string suggest(std::string_view mistyped, std::span<const std::string> known);

}  // namespace penstock::control
