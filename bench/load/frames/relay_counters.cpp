#include "bench/load/frames/relay_counters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>

#include "control/http/client.h"

namespace penstock::frames {
namespace {

/// The value of `label` in `{worker="0",stage="receive"}`, or empty.
std::string label_of(const std::string& labels, const std::string& label) {
  const std::string key = label + "=\"";
  const auto at = labels.find(key);
  if (at == std::string::npos) return {};
  const auto begin = at + key.size();
  return labels.substr(begin, labels.find('"', begin) - begin);
}

void add(RelayCounters& counters, const std::string& name, const std::string& labels, double value) {
  if (name == "penstock_packets_sent_total") counters.sent += value;
  if (name == "penstock_packets_received_total") counters.received += value;
  if (name == "penstock_passes_total") counters.passes += value;
  if (name == "penstock_idle_passes_total") counters.idle_passes += value;
  if (name == "penstock_busy_cycles_total") counters.busy_cycles += value;
  if (name == "penstock_awake_cycles_total") counters.awake_cycles += value;
  if (name == "penstock_stage_cycles_total") counters.stage_cycles[label_of(labels, "stage")] += value;
  if (name == "penstock_packets_dropped_total") counters.dropped[label_of(labels, "reason")] += value;
}

}  // namespace

RelayCounters parse_relay_counters(const std::string& page) {
  RelayCounters counters;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string::npos) continue;
    const auto brace = line.find('{');
    const std::string name = line.substr(0, std::min(brace, space));
    const std::string labels = brace < space ? line.substr(brace, space - brace) : std::string();
    double value = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    add(counters, name, labels, value);
  }
  return counters;
}

tl::expected<RelayCounters, std::string> read_relay_counters(const std::string& url) {
  const auto answer = control::http::get(url, std::chrono::milliseconds(2000));
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status != 200) return tl::unexpected(fmt::format("{} answers with status {}", url, answer->status));
  return parse_relay_counters(answer->body);
}

RelayCounters operator-(RelayCounters after, const RelayCounters& before) {
  after.sent -= before.sent;
  after.received -= before.received;
  after.passes -= before.passes;
  after.idle_passes -= before.idle_passes;
  after.busy_cycles -= before.busy_cycles;
  after.awake_cycles -= before.awake_cycles;
  for (const auto& [stage, value] : before.stage_cycles) after.stage_cycles[stage] -= value;
  for (const auto& [reason, value] : before.dropped) after.dropped[reason] -= value;
  return after;
}

}  // namespace penstock::frames
