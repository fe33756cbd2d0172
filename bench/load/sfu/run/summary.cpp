#include "bench/load/sfu/run/summary.h"

#include <fmt/format.h>

namespace penstock::load::sfu {
namespace {

using Json = nlohmann::ordered_json;

double number(const Json& step, const char* pointer) {
  const Json::json_pointer at(pointer);
  return step.contains(at) && step.at(at).is_number() ? step.at(at).get<double>() : 0;
}

/// What a step was: its first member that is no measurement.
std::string title_of(const Json& step) {
  const auto first = step.begin();
  return fmt::format("{} {}", first->is_string() ? first->get<std::string>() : first->dump(), first.key());
}

std::string line_of(const Json& step) {
  return fmt::format(
      "{:<24} {:>9.0f} {:>9.0f} {:>7.0f} {:>7.0f} {:>6.2f} {:>6.2f} {:>8.0f} {:>8.0f} {:>7.0f} {:>8.0f} {:>9.0f} "
      "{:>8.0f}\n",
      title_of(step), number(step, "/relay/received_pps"), number(step, "/relay/forwarded_pps"),
      number(step, "/relay/worker_ns_per_output"), number(step, "/relay/all_ns_per_output"),
      number(step, "/relay/worker_busy"), number(step, "/generator/busy"),
      number(step, "/media/video/missed") + number(step, "/media/audio/missed"),
      number(step, "/media/video/lost") + number(step, "/media/audio/lost"),
      number(step, "/media/video/latency_us/p50"), number(step, "/media/video/latency_us/p99"),
      number(step, "/media/video/latency_us/p999"), number(step, "/relay/longest_pass_us"));
}

/// For scenarios whose steps are not windows of media.
std::string plain(const Json& report) {
  std::string text;
  for (const auto& [key, value] : report.items()) {
    if (key == "steps") {
      for (const Json& step : value) text += step.dump() + "\n";
    } else if (!value.is_structured() && key != "schema") {
      text += fmt::format("{}: {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return text;
}

}  // namespace

std::string summary(const Json& report) {
  std::string text;
  if (report.at("steps").empty() || !report["steps"][0].contains("relay")) return plain(report);
  text = fmt::format("{:<24} {:>9} {:>9} {:>7} {:>7} {:>6} {:>6} {:>8} {:>8} {:>7} {:>8} {:>9} {:>8}\n", "step", "in/s",
                     "out/s", "ns/out", "all ns", "busy", "gen", "missed", "lost", "p50 us", "p99 us", "p99.9 us",
                     "pass us");
  for (const Json& step : report.at("steps")) text += line_of(step);
  for (const auto& [key, value] : report.items()) {
    if (!value.is_structured() && key != "schema") {
      text += fmt::format("{}: {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  if (report.contains("spin_us")) text += fmt::format("spin_us: {}\n", report["spin_us"].dump());
  return text;
}

}  // namespace penstock::load::sfu
