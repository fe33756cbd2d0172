// penstockd: the relay.

#include <exception>
#include <iostream>

#include "control/config/document.h"
#include "control/config/flags.h"
#include "control/config/load.h"
#include "control/lifecycle/daemon.h"
#include "control/lifecycle/reload.h"
#include "control/relay/turn_settings.h"
#include "control/startup/checks.h"

namespace {

using namespace penstock::control;

int complain(const Problems& problems) {
  for (const Problem& p : problems) std::cerr << to_string(p) << '\n';
  return 2;
}

int print_config(const Sources& sources) {
  Problems problems;
  const Loaded loaded = read_sources(sources, problems);
  if (!problems.empty()) return complain(problems);
  std::cout << print_document(loaded.config);
  return 0;
}

// What only the TURN service knows, too: names and passwords that RFC 8489 does not allow.
int check_config(const Sources& sources, const Config& config, const std::vector<std::uint32_t>& cores) {
  const HostFacts facts = read_host_facts();
  const auto fixed = fixed_settings(config, make_plan(config, facts, cores));
  if (const auto settings = compile_settings(config, fixed, facts.addresses); !settings) {
    return complain(settings.error());
  }
  std::cout << sources.file << ": no problems\n";
  return 0;
}

int run(const CommandLine& line) {
  if (line.action == CommandLine::Action::print_config) return print_config(line.sources);
  const auto cores = allowed_cores();
  auto loaded = load_config(line.sources, cores);
  if (!loaded) return complain(loaded.error());
  if (line.action == CommandLine::Action::check_config) return check_config(line.sources, loaded->config, cores);
  return run_daemon(line.sources, std::move(*loaded), cores);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto parsed = parse_command_line(argc, argv);
    if (const auto* leave = std::get_if<Leave>(&parsed)) {
      (leave->code == 0 ? std::cout : std::cerr) << leave->text;
      return leave->code;
    }
    return run(std::get<CommandLine>(parsed));
  } catch (const std::exception& error) {
    std::cerr << "penstockd: " << error.what() << '\n';
    return 1;
  }
}
