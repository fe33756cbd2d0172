// penstock_sfu_load: load and measurements for the rooms of a Penstock relay, by WebRTC endpoints of its own.
// bench/README.md says how to read the results.

#include <exception>
#include <iostream>

#include "bench/load/sfu/relay/spin.h"
#include "bench/load/sfu/run/options.h"
#include "bench/load/sfu/run/scenarios.h"
#include "bench/load/sfu/run/summary.h"
#include "bench/load/sfu/run/window.h"
#include "bench/load/turn/report.h"
#include "bench/load/turn/server_process.h"

namespace penstock::load::sfu {
namespace {

constexpr const char* kSchema = "penstock.sfu_load/1";
constexpr double kSpinSeconds = 1;

Report run_scenario(const Options& options) {
  switch (options.scenario) {
    case Scenario::broadcast:
      return run_broadcast(options);
    case Scenario::meetings:
      return run_meetings(options);
    case Scenario::churn:
      return run_churn(options);
    case Scenario::floods:
      return run_floods(options);
    case Scenario::memory:
      return run_memory(options);
  }
  return tl::unexpected(std::string("no such scenario"));
}

nlohmann::ordered_json header(const Options& options) {
  const MediaOptions& media = options.media;
  return {{"schema", kSchema},
          {"scenario", name_of(options.scenario)},
          {"media",
           {{"layers", media.layers},
            {"bit_rate_scale", media.bit_rate_scale},
            {"bit_rate", media.bit_rate},
            {"frame_rate", media.frame_rate},
            {"temporal_layers", media.temporal_layers},
            {"packet_bytes", media.packet_bytes},
            {"paced", media.paced},
            {"audio", media.audio}}}};
}

int run(const Options& options) {
  raise_descriptor_limit();
  nlohmann::ordered_json report = header(options);
  if (options.relay_cpu) {
    const SpinResult spin = spin_on(*options.relay_cpu, kSpinSeconds);
    report["spin_us"] = {{"longest", static_cast<double>(spin.longest_ns) / 1e3}, {"gaps", latency_us(spin.gaps)}};
  }
  if (options.cpu) {
    if (auto pinned = pin_to_cpu(*options.cpu); !pinned) {
      std::cerr << "penstock_sfu_load: " << pinned.error() << '\n';
      return 1;
    }
  }
  const Report result = run_scenario(options);
  if (!result) {
    std::cerr << "penstock_sfu_load: " << result.error() << '\n';
    return 1;
  }
  report.update(*result);
  if (options.json != "-") std::cout << summary(report);
  if (options.json.empty()) return 0;
  if (auto written = write_json(report, options.json); !written) {
    std::cerr << "penstock_sfu_load: " << written.error() << '\n';
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace penstock::load::sfu

int main(int argc, char** argv) {
  try {
    return penstock::load::sfu::run(penstock::load::sfu::parse_command_line(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "penstock_sfu_load: " << error.what() << '\n';
    return 1;
  }
}
