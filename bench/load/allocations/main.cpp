// allocations: what a million idle allocations cost one worker: memory, CPU time, and the length of its passes.
// bench/README.md says how to read the results.

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/load/allocations/phases.h"

namespace penstock::load {
namespace {

struct Options {
  RunOptions run;
  int cpu = -1;
  std::string json;
};

Options parse_command_line(int argc, char** argv) {
  Options options;
  CLI::App app("What idle allocations cost one worker.");
  app.add_option("-n,--allocations", options.run.relay.allocations)->check(CLI::Range(256, 4'000'000));
  app.add_option("--relay-addresses", options.run.relay.relay_addresses, "of 64,512 ports each")
      ->check(CLI::Range(1, 255));
  app.add_option("--clients-per-user", options.run.clients_per_user)->check(CLI::PositiveNumber);
  app.add_option("--spin", options.run.spin_s, "seconds of bare spinning before each phase, as control");
  app.add_option("--cpu", options.cpu, "run on this core; as root also with the highest priority");
  app.add_option("--json", options.json, "write the results there");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : 2);
  }
  return options;
}

// The highest priority keeps most neighbours off the core; without the right to it the run goes on.
void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) std::cerr << fmt::format("cannot run on CPU {}\n", cpu);
  if (setpriority(PRIO_PROCESS, 0, -20) != 0) std::cerr << "priority stays as it is: neighbours' pauses will show\n";
}

double us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

nlohmann::ordered_json to_json(const RunOptions& options, const Run& run) {
  nlohmann::ordered_json json;
  json["schema"] = "penstock.allocations/1";
  json["allocations"] = options.relay.allocations;
  json["relay_addresses"] = options.relay.relay_addresses;
  json["clients_per_user"] = options.clients_per_user;
  json["occupied_before_bytes"] = run.occupied_before_bytes;
  json["port_entry_bytes"] = TablePort::kEntryBytes;
  for (const Phase& phase : run.phases) {
    const Histogram& passes = phase.spent.passes;
    json["phases"].push_back({{"name", phase.name},
                              {"occupied_bytes", phase.occupied_bytes},
                              {"passes", passes.count()},
                              {"cpu_us_per_client", phase.spent.cpu_s * 1e6 / phase.clients},
                              {"pass_us",
                               {{"p50", us(passes.percentile_ns(0.5))},
                                {"p99", us(passes.percentile_ns(0.99))},
                                {"p999", us(passes.percentile_ns(0.999))},
                                {"max", us(passes.max_ns())},
                                {"max_undisturbed", us(phase.spent.undisturbed_ns)},
                                {"max_cpu", phase.spent.longest_cpu_s * 1e6}}},
                              {"preempted_passes", phase.spent.preempted},
                              {"spin_max_us", us(phase.spin.max_ns())}});
  }
  return json;
}

std::string to_table(const nlohmann::ordered_json& json) {
  const double clients = json["allocations"].get<double>();
  const double before = json["occupied_before_bytes"].get<double>();
  std::string text = fmt::format("{} allocations, {} clients per user; before: {:.0f} MB\n\n", clients,
                                 json["clients_per_user"].get<unsigned>(), before / 1e6);
  text += fmt::format("{:14} {:>8} {:>10} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}\n", "phase", "MB", "B/client",
                      "us/client", "p50 us", "p99 us", "p99.9", "max", "max CPU", "preempted", "spin max");
  for (const auto& phase : json["phases"]) {
    const double occupied = phase["occupied_bytes"].get<double>();
    const auto& pass = phase["pass_us"];
    text +=
        fmt::format("{:14} {:8.0f} {:10.0f} {:9.2f} {:8.1f} {:8.1f} {:8.1f} {:8.1f} {:8.1f} {:9} {:9.1f}\n",
                    phase["name"].get<std::string>(), occupied / 1e6, (occupied - before) / clients,
                    phase["cpu_us_per_client"].get<double>(), pass["p50"].get<double>(), pass["p99"].get<double>(),
                    pass["p999"].get<double>(), pass["max_undisturbed"].get<double>(), pass["max_cpu"].get<double>(),
                    phase["preempted_passes"].get<std::uint64_t>(), phase["spin_max_us"].get<double>());
  }
  return text;
}

int run(const Options& options) {
  if (options.cpu >= 0) pin(options.cpu);
  const auto result = run_phases(options.run);
  if (!result) {
    std::cerr << "allocations: " << result.error() << '\n';
    return 1;
  }
  const auto json = to_json(options.run, *result);
  if (!options.json.empty()) std::ofstream(options.json) << json.dump(2) << '\n';
  std::cout << to_table(json);
  return 0;
}

}  // namespace
}  // namespace penstock::load

int main(int argc, char** argv) {
  try {
    return penstock::load::run(penstock::load::parse_command_line(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "allocations: " << error.what() << '\n';
    return 1;
  }
}
