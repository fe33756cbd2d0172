// penstockd: the relay.

#include <cstdio>
#include <exception>
#include <iostream>

#include "control/config/document.h"
#include "control/config/flags.h"
#include "control/config/load.h"
#include "control/lifecycle/daemon.h"

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

int run(const CommandLine& line) {
  if (line.action == CommandLine::Action::print_config) return print_config(line.sources);
  const auto cores = allowed_cores();
  auto loaded = load_config(line.sources, cores);
  if (!loaded) return complain(loaded.error());
  if (line.action == CommandLine::Action::check_config) {
    std::cout << line.sources.file << ": no problems\n";
    return 0;
  }
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
