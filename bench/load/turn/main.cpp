// turn_load: load and measurements for any TURN server over UDP. bench/README.md says how to read the results.

#include <exception>
#include <iostream>

#include "bench/load/turn/control_runs.h"
#include "bench/load/turn/options.h"
#include "bench/load/turn/relay_run.h"
#include "bench/load/turn/report.h"
#include "bench/load/turn/server_process.h"
#include "bench/load/turn/session.h"

namespace penstock::load {
namespace {

using Report = tl::expected<nlohmann::ordered_json, std::string>;

Report run_relay(const Options& options, Session& session, const ServerProcess* server) {
  if (options.bare_port == 0) {
    if (auto ready = session.establish(options.framing); !ready) {
      session.release();  // those that did come about
      return tl::unexpected(ready.error());
    }
  }
  const RelayResult result = RelayRun(options, session, server).measure();
  if (options.bare_port == 0) session.release();
  return to_json(options, result);
}

Report run_mode(const Options& options) {
  std::optional<ServerProcess> server;
  if (options.server_pid) {
    auto attached = ServerProcess::attach(*options.server_pid);
    if (!attached) return tl::unexpected(attached.error());
    server = *attached;
  }
  auto session = Session::open(options);
  if (!session) return tl::unexpected(session.error());
  const ServerProcess* const process = server ? &*server : nullptr;
  switch (options.mode) {
    case Mode::relay:
      return run_relay(options, **session, process);
    case Mode::allocate:
      return to_json(options, run_allocations(options, **session, process));
    case Mode::hold:
      return run_hold(options, **session, *process).map([&](const HoldResult& r) { return to_json(options, r); });
  }
  return tl::unexpected(std::string("no such mode"));
}

int run(const Options& options) {
  raise_descriptor_limit();
  if (options.cpu) {
    if (auto pinned = pin_to_cpu(*options.cpu); !pinned) {
      std::cerr << "turn_load: " << pinned.error() << '\n';
      return 1;
    }
  }
  const Report report = run_mode(options);
  if (!report) {
    std::cerr << "turn_load: " << report.error() << '\n';
    return 1;
  }
  if (options.json != "-") std::cout << to_table(*report);
  if (options.json.empty()) return 0;
  if (auto written = write_json(*report, options.json); !written) {
    std::cerr << "turn_load: " << written.error() << '\n';
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace penstock::load

int main(int argc, char** argv) {
  try {
    return penstock::load::run(penstock::load::parse_command_line(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "turn_load: " << error.what() << '\n';
    return 1;
  }
}
