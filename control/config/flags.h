#pragma once
// penstockd's command line.

#include <string>
#include <variant>

#include "control/config/load.h"

namespace penstock::control {

struct CommandLine {
  enum class Action : std::uint8_t { run, check_config, print_config };
  Action action = Action::run;
  Sources sources;
};

/// The process ends with this code after `text` was written: to standard output for --help and --version (0), to
/// standard error for a mistake.
struct Leave {
  int code = 0;
  std::string text;
};

std::variant<CommandLine, Leave> parse_command_line(int argc, const char* const* argv);

}  // namespace penstock::control
