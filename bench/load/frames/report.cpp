#include "bench/load/frames/report.h"

#include <algorithm>
#include <cmath>

namespace penstock::frames {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "penstock.frame_load/1";

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}
double ratio(double amount, double of) {
  return of == 0 ? 0 : rounded(amount / of);
}
double ratio(std::uint64_t amount, std::uint64_t of) {
  return ratio(static_cast<double>(amount), static_cast<double>(of));
}

Json load_settings(const Options& options) {
  return {{"device", options.link.device},
          {"huge_pages", options.link.huge_pages},
          {"flows", options.cast.flows},
          {"direction", name_of(options.direction)},
          {"payload_bytes", options.payload_bytes},
          {"rate_pps", options.rate_pps},
          {"window", options.window}};
}

Json setup_of(const SetupResult& setup) {
  return {{"seconds", rounded(setup.seconds)},
          {"allocations_per_second", std::round(static_cast<double>(setup.tally.completed) / setup.seconds)},
          {"requests", setup.tally.requests},
          {"retransmissions", setup.tally.retransmissions}};
}

Json traffic_of(const TrafficResult& result) {
  const TrafficCounters& interval = result.interval;
  const TrafficCounters& total = result.total;
  const std::uint64_t lost = total.all_sent() - std::min(total.all_sent(), total.all_delivered());
  const auto direction = [&](std::size_t i) {
    return Json{{"sent", interval.sent[i]}, {"delivered", interval.delivered[i]}};
  };
  return {{"seconds", rounded(result.seconds)},
          {"sent_pps", std::round(static_cast<double>(interval.all_sent()) / result.seconds)},
          {"delivered_pps", std::round(static_cast<double>(interval.all_delivered()) / result.seconds)},
          {"to_peer", direction(0)},
          {"to_client", direction(1)},
          {"lost", lost},
          {"loss_ratio", total.all_sent() == 0 ? 0 : static_cast<double>(lost) / static_cast<double>(total.all_sent())},
          {"refused_by_device", total.refused},
          {"reordered", total.reordered},
          {"duplicated", total.duplicated},
          {"misdelivered", total.misdelivered},
          {"damaged", total.damaged},
          {"foreign", total.foreign}};
}

Json generator_of(const TrafficCounters& interval) {
  return {{"busy_ratio", ratio(interval.busy_cycles, interval.cycles)},
          {"cycles_per_packet", ratio(interval.busy_cycles, interval.all_sent())},
          {"packets_per_receive", ratio(interval.all_delivered(), interval.receives)}};
}

Json header(const Options& options) {
  return {{"schema", kSchema}, {"mode", name_of(options.mode)}};
}

}  // namespace

Json latency_us(const load::Histogram& latency) {
  const auto at = [&](double fraction) { return rounded(static_cast<double>(latency.percentile_ns(fraction)) / 1e3); };
  return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"p999", at(0.999)}, {"max", at(1)}};
}

Json server_cost(const ServerResult& server) {
  const RelayCounters& c = server.counters;
  Json stages = Json::object();
  for (const auto& [stage, cycles] : c.stage_cycles) stages[stage] = ratio(cycles, c.sent);
  Json dropped = Json::object();
  for (const auto& [reason, count] : c.dropped) {
    if (count > 0) dropped[reason] = count;
  }
  return {{"cycles_per_packet", ratio(c.busy_cycles, c.sent)},
          {"stage_cycles_per_packet", stages},
          {"packets_per_busy_pass", ratio(c.sent, c.passes - c.idle_passes)},
          {"busy_ratio", ratio(c.busy_cycles, c.awake_cycles)},
          {"mpps_per_cpu_second", c.busy_cycles == 0 ? 0 : rounded(server.tsc_hz * c.sent / c.busy_cycles / 1e6)},
          {"tsc_mhz", std::round(server.tsc_hz / 1e6)},
          {"dropped", dropped}};
}

Json to_json(const Options& options, const std::optional<SetupResult>& setup, const TrafficResult& result,
             const std::optional<ServerResult>& server) {
  Json report = header(options);
  report["load"] = load_settings(options);
  if (setup) report["setup"] = setup_of(*setup);
  report["traffic"] = traffic_of(result);
  report["generator"] = generator_of(result.interval);
  report["latency_us"] = latency_us(result.latency);
  if (server) report["server_cost"] = server_cost(*server);
  return report;
}

Json to_json(const Options& options, const SpinResult& result) {
  Json report = header(options);
  report["spin"] = {{"seconds", rounded(result.seconds)},
                    {"pauses_over_10us", result.pauses},
                    {"lateness_us", latency_us(result.lateness)}};
  return report;
}

}  // namespace penstock::frames
