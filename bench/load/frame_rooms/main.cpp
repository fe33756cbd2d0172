// frame_rooms: a room's publisher and viewers on one DPDK link. bench/README.md says how to read the results.

#include <exception>
#include <iostream>

#include "bench/load/frame_rooms/options.h"
#include "bench/load/frame_rooms/run.h"
#include "bench/load/turn/report.h"

namespace {

int report_on(const penstock::frame_rooms::Options& options) {
  const auto report = penstock::frame_rooms::run(options);
  if (!report) {
    std::cerr << "frame_rooms: " << report.error() << '\n';
    return 1;
  }
  if (options.json != "-") std::cout << penstock::load::to_table(*report);
  if (options.json.empty()) return 0;
  if (auto written = penstock::load::write_json(*report, options.json); !written) {
    std::cerr << "frame_rooms: " << written.error() << '\n';
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return report_on(penstock::frame_rooms::parse_command_line(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "frame_rooms: " << error.what() << '\n';
    return 1;
  }
}
