#include "bench/load/sfu/relay/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "control/http/client.h"

namespace penstock::load::sfu {
namespace {

/// `name{worker="0",stage="x"}` without the worker.
std::string without_worker(std::string_view series) {
  static constexpr std::string_view kLabel = "worker=\"";
  const auto at = series.find(kLabel);
  if (at == std::string_view::npos) return std::string(series);
  auto end = series.find('"', at + kLabel.size());
  if (end == std::string_view::npos) return std::string(series);
  if (++end < series.size() && series[end] == ',') ++end;
  std::string rest = std::string(series.substr(0, at)) + std::string(series.substr(end));
  if (rest.ends_with("{}")) rest.resize(rest.size() - 2);
  return rest;
}

bool is_maximum(std::string_view series) {
  return series.find("longest") != std::string_view::npos || series.find("max") != std::string_view::npos;
}

}  // namespace

Metrics Metrics::parse(std::string_view page) {
  Metrics metrics;
  while (!page.empty()) {
    const auto end = std::min(page.find('\n'), page.size());
    const std::string_view line = page.substr(0, end);
    page.remove_prefix(std::min(end + 1, page.size()));
    const auto space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string_view::npos) continue;
    double value = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    const std::string series = without_worker(line.substr(0, space));
    double& total = metrics.values_[series];
    total = is_maximum(series) ? std::max(total, value) : total + value;
  }
  return metrics;
}

tl::expected<Metrics, std::string> Metrics::read(const std::string& url) {
  const auto answer = control::http::get(url, std::chrono::milliseconds(2000));
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status != 200) return tl::unexpected(fmt::format("{} answers with status {}", url, answer->status));
  return parse(answer->body);
}

double Metrics::operator[](const std::string& series) const {
  const auto found = values_.find(series);
  return found == values_.end() ? 0 : found->second;
}

std::map<std::string, double> Metrics::grown_since(const Metrics& before, std::string_view prefix) const {
  std::map<std::string, double> grown;
  for (const auto& [series, value] : values_) {
    if (series.starts_with(prefix) && value > before[series]) grown[series] = value - before[series];
  }
  return grown;
}

std::optional<double> longest_pass_us(const std::string& url) {
  const std::string status = url.substr(0, url.rfind('/')) + "/status";
  const auto answer = control::http::get(status, std::chrono::milliseconds(2000));
  if (!answer || answer->status != 200) return std::nullopt;
  const auto page = nlohmann::json::parse(answer->body, nullptr, false);
  if (!page.is_object() || !page.contains("workers") || !page["workers"].is_array()) return std::nullopt;
  std::optional<double> longest;
  for (const auto& worker : page["workers"]) {
    if (worker.contains("longest_pass_us"))
      longest = std::max(longest.value_or(0), worker["longest_pass_us"].get<double>());
  }
  return longest;
}

}  // namespace penstock::load::sfu
