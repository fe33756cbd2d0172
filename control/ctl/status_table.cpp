#include "control/ctl/status_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace penstock::control::ctl {
namespace {

using Json = nlohmann::ordered_json;

/// One line of the table; rates are per second.
struct Row {
  std::string worker, core;
  double received = 0, sent = 0, dropped = 0, megabits = 0, busy = 0, cycles_per_packet = 0, longest_pass_us = 0;
  std::uint64_t allocations = 0;
};

std::string duration(std::uint64_t seconds) {
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

Row row_of(const Json& before, const Json& after, double seconds) {
  const auto rate = [&](const char* key) {
    const auto old = before.at(key).get<std::uint64_t>();
    const auto now = after.at(key).get<std::uint64_t>();
    return now >= old ? static_cast<double>(now - old) / seconds : 0;  // it may have been restarted in between
  };
  Row row;
  row.worker = fmt::format("{}", after.at("worker").get<unsigned>());
  row.core = fmt::format("{}", after.at("cpu").get<unsigned>());
  row.received = rate("packets_received");
  row.sent = rate("packets_sent");
  row.dropped = rate("packets_dropped") + rate("kernel_drops");
  row.megabits = rate("bytes_received") * 8 / 1e6;
  row.busy = after.at("busy_ratio").get<double>();
  row.cycles_per_packet = after.at("cycles_per_packet").get<double>();
  row.longest_pass_us = after.value("longest_pass_us", 0.0);
  row.allocations = after.at("allocations").get<std::uint64_t>();
  return row;
}

Row total(const std::vector<Row>& rows) {
  Row sum;
  sum.worker = "all";
  double cycles = 0;
  for (const Row& r : rows) {
    sum.received += r.received;
    sum.sent += r.sent;
    sum.dropped += r.dropped;
    sum.megabits += r.megabits;
    sum.allocations += r.allocations;
    sum.busy += r.busy / static_cast<double>(rows.size());
    sum.longest_pass_us = std::max(sum.longest_pass_us, r.longest_pass_us);
    cycles += r.cycles_per_packet * r.received;
  }
  sum.cycles_per_packet = sum.received > 0 ? cycles / sum.received : 0;
  return sum;
}

std::string line(const Row& r) {
  return fmt::format("{:<7}{:>5}{:>11.0f}{:>11.0f}{:>11.0f}{:>10.1f}{:>13}{:>6.0f}%{:>15.0f}{:>16.0f}\n", r.worker,
                     r.core, r.received, r.sent, r.dropped, r.megabits, r.allocations, 100 * r.busy,
                     r.cycles_per_packet, r.longest_pass_us);
}

std::string heading(const Json& status) {
  std::string out =
      fmt::format("penstockd {}  {}  up {}\n", status.at("version").get<std::string>(),
                  status.at("state").get<std::string>(), duration(status.at("uptime_s").get<std::uint64_t>()));
  for (const Json& address : status.at("listening")) out += fmt::format("listening  {}\n", address.get<std::string>());
  for (const Json& use : status.at("relay_ports")) {
    out += fmt::format("relaying   {}  {} of {} ports\n", use.at("address").get<std::string>(),
                       use.at("taken").get<std::uint64_t>(), use.at("total").get<std::uint64_t>());
  }
  return out;
}

std::string table(const Json& before, const Json& after, double seconds) {
  std::string out =
      fmt::format("\n{:<7}{:>5}{:>11}{:>11}{:>11}{:>10}{:>13}{:>7}{:>15}{:>16}\n", "worker", "core", "packets/s",
                  "sent/s", "dropped/s", "Mbit/s", "allocations", "busy", "cycles/packet", "longest pass us");
  std::vector<Row> rows;
  const Json& old_rows = before.at("workers");
  const Json& new_rows = after.at("workers");
  for (std::size_t i = 0; i < new_rows.size(); ++i) {
    rows.push_back(row_of(i < old_rows.size() ? old_rows[i] : new_rows[i], new_rows[i], seconds));
    out += line(rows.back());
  }
  return rows.size() > 1 ? out + line(total(rows)) : out;
}

std::string drops(const Json& status) {
  if (status.at("drops").empty()) return "";
  std::string out = "\ndropped since the start:";
  for (const auto& [reason, count] : status.at("drops").items()) {
    out += fmt::format("  {} {}", reason, count.get<std::uint64_t>());
  }
  return out + "\n";
}

}  // namespace

tl::expected<std::string, std::string> status_table(std::string_view before, std::string_view after, double seconds) {
  try {
    const Json old = Json::parse(before);
    const Json now = Json::parse(after);
    return heading(now) + table(old, now, seconds) + drops(now);
  } catch (const nlohmann::json::exception& error) {
    return tl::unexpected(fmt::format("that is not the status of a penstockd: {}", error.what()));
  }
}

std::vector<std::string> uris_of(std::string_view status) {
  try {
    return Json::parse(status).at("uris").get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

std::string state_of(std::string_view status) {
  const Json json = Json::parse(status, nullptr, false);
  if (!json.is_object() || !json.contains("state") || !json["state"].is_string()) return "";
  return json["state"].get<std::string>();
}

}  // namespace penstock::control::ctl
