#pragma once
// The whole configuration from all its sources: file, flags, the files they name, the environment.

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/config/config.h"
#include "control/config/problem.h"

namespace penstock::control {

/// A value given on the command line.
struct FlagValue {
  std::string flag;  ///< as the user wrote it, "--listen"
  std::string key;   ///< "listen.addresses"
  std::string text;
};

/// Kept for the life of the process: a reload reads the same sources again.
struct Sources {
  std::string file;  ///< empty: none
  std::vector<FlagValue> flags;
};

struct Loaded {
  Config config;
  Origins origins;
};

/// File first, then flags: they replace single values and add to lists. Then users_file, secrets_file and
/// PENSTOCK_SECRETS are read into users and secrets, and everything is checked.
tl::expected<Loaded, Problems> load_config(const Sources& sources, const std::vector<std::uint32_t>& allowed_cores);

/// File and flags alone, neither checked nor completed: what `--print-config` prints.
Loaded read_sources(const Sources& sources, Problems& problems);

/// The cores this process may run on.
std::vector<std::uint32_t> allowed_cores();

/// Names of the keys whose values differ and that only a restart applies.
std::vector<std::string> changes_for_restart(Config before, Config after);
/// Names of the keys whose values differ and that a reload applies.
std::vector<std::string> changes_by_reload(Config before, Config after);

}  // namespace penstock::control
