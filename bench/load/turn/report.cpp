#include "bench/load/turn/report.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iostream>

namespace penstock::load {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "penstock.turn_load/1";

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

double per(double amount, std::uint64_t count) {
  return count == 0 ? 0 : rounded(amount / static_cast<double>(count));
}

Json header(const Options& options) {
  return {{"schema", kSchema}, {"mode", name_of(options.mode)}, {"server", net::to_string(options.server)}};
}

Json load_settings(const Options& options) {
  return {{"allocations", options.allocations},
          {"peers", options.peers},
          {"direction", name_of(options.direction)},
          {"framing", options.bare_port != 0 ? "none" : name_of(options.framing)},
          {"payload_bytes", options.payload_bytes},
          {"train", options.train},
          {"train_as_singles", options.train_as_singles},
          {"gro", options.gro},
          {"rate_pps", options.rate_pps},
          {"window", options.window},
          {"client_sockets", options.client_sockets == ClientSockets::shared ? "shared" : "each"}};
}

Json latency_us(const Histogram& latency) {
  const auto at = [&](double fraction) { return rounded(static_cast<double>(latency.percentile_ns(fraction)) / 1e3); };
  return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"p999", at(0.999)}, {"max", at(1)}};
}

Json direction(const DirectionResult& result, double seconds) {
  return {{"sent", result.sent},
          {"delivered", result.delivered},
          {"lost", result.lost()},
          {"loss_ratio", result.sent == 0 ? 0 : static_cast<double>(result.lost()) / static_cast<double>(result.sent)},
          {"sent_pps", std::round(static_cast<double>(result.sent) / seconds)},
          {"delivered_pps", std::round(static_cast<double>(result.delivered_in_interval) / seconds)},
          {"refused_by_kernel", result.refused_by_kernel},
          {"reordered", result.reordered},
          {"duplicated", result.duplicated},
          {"foreign", result.foreign},
          {"latency_us", latency_us(result.latency)}};
}

Json cost(const ServerCost& server, double seconds) {
  const auto cpu = static_cast<double>(server.cpu_ns);
  return {{"cpu_seconds", rounded(cpu / 1e9)},
          {"utilisation", rounded(cpu / 1e9 / seconds)},
          {"sleeps_per_second", std::round(static_cast<double>(server.sleeps) / seconds)},
          {"receive_drops", server.receive_drops}};
}

void flatten(const Json& node, const std::string& path, std::string& out) {
  for (const auto& [key, value] : node.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (value.is_object()) {
      flatten(value, name, out);
    } else {
      out += fmt::format("{:<40} {:>16}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
}

}  // namespace

Json to_json(const Options& options, const RelayResult& result) {
  Json report = header(options);
  report["load"] = load_settings(options);
  report["relay"] = {{"seconds", rounded(result.seconds)},
                     {"relayed", result.relayed()},
                     {"echoed", result.echoed},
                     {"far_end_drops", result.far_end_drops}};
  if (options.direction != Direction::to_client) report["relay"]["to_peer"] = direction(result.to_peer, result.seconds);
  if (options.direction == Direction::to_client || options.direction == Direction::both) {
    report["relay"]["to_client"] = direction(result.to_client, result.seconds);
  }
  if (!result.server) return report;
  report["server_cost"] = cost(*result.server, result.seconds);
  report["server_cost"]["cpu_us_per_packet"] = per(static_cast<double>(result.server->cpu_ns) / 1e3, result.relayed());
  return report;
}

Json to_json(const Options& options, const AllocationResult& result) {
  Json report = header(options);
  const NegotiationTally& tally = result.tally;
  Json refusals = Json::object();
  for (const auto& [code, count] : tally.refusals) refusals[std::to_string(code)] = count;
  report["allocate"] = {{"clients", options.allocations},
                        {"concurrency", options.concurrency},
                        {"seconds", rounded(result.seconds)},
                        {"cycles", tally.completed},
                        {"cycles_per_second", std::round(static_cast<double>(tally.completed) / result.seconds)},
                        {"requests", tally.requests},
                        {"retransmissions", tally.retransmissions},
                        {"refused", tally.refused},
                        {"timed_out", tally.timed_out},
                        {"refusals", refusals}};
  if (!result.server) return report;
  report["server_cost"] = cost(*result.server, result.seconds);
  report["server_cost"]["cpu_us_per_allocation"] =
      per(static_cast<double>(result.server->cpu_ns) / 1e3, tally.completed);
  return report;
}

Json to_json(const Options& options, const HoldResult& result) {
  Json report = header(options);
  const auto grown = [&](std::uint64_t held, std::uint64_t before) {
    return per(static_cast<double>(held) - static_cast<double>(before), options.allocations);
  };
  report["hold"] = {
      {"allocations", options.allocations},
      {"setup_seconds", rounded(result.setup_seconds)},
      {"held_seconds", rounded(result.held_seconds)},
      {"refresh_seconds", options.refresh_s},
      {"lost_allocations", result.lost_allocations},
      {"resident_before_bytes", result.resident_before_bytes},
      {"resident_held_bytes", result.resident_held_bytes},
      {"resident_after_bytes", result.resident_after_bytes},
      {"resident_bytes_per_allocation", grown(result.resident_held_bytes, result.resident_before_bytes)},
      {"anonymous_before_bytes", result.anonymous_before_bytes},
      {"anonymous_held_bytes", result.anonymous_held_bytes},
      {"anonymous_bytes_per_allocation", grown(result.anonymous_held_bytes, result.anonymous_before_bytes)},
      {"descriptors_per_allocation", grown(result.descriptors_held, result.descriptors_before)},
      {"cpu_seconds", rounded(static_cast<double>(result.cpu_ns) / 1e9)},
  };
  return report;
}

std::string to_table(const Json& report) {
  std::string text;
  flatten(report, "", text);
  return text;
}

tl::expected<void, std::string> write_json(const Json& report, const std::string& name) {
  const std::string text = report.dump(2) + "\n";
  if (name == "-") {
    std::cout << text;
    return {};
  }
  std::ofstream file(name);
  file << text;
  file.close();
  if (!file) return tl::unexpected(fmt::format("--json {}: cannot write", name));
  return {};
}

}  // namespace penstock::load
