#pragma once
// TOML in and out.

#include <string>
#include <string_view>

#include "control/config/config.h"
#include "control/config/problem.h"

namespace penstock::control {

/// Reads the TOML `text` of the file `name` into `config`. A key that is present replaces the value, lists included.
/// Adds every problem found; keys without problems are taken.
void read_document(std::string_view text, const std::string& name, Config& config, Origins& origins,
                   Problems& problems);

/// `config` as a TOML file in which every key has its explanation, unit and limits. Reading it back gives `config`.
std::string print_document(Config config);

}  // namespace penstock::control
