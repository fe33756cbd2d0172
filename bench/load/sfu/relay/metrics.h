#pragma once
// The relay's metrics page as numbers.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::load::sfu {

/// By series, its label `worker` left out: `penstock_packets_dropped_total{reason="no_flow"}`. Workers are added up; of
/// what is a longest or a maximum, the largest counts.
class Metrics {
 public:
  static Metrics parse(std::string_view page);
  /// `url`: of the page. The error says that it cannot be had.
  static tl::expected<Metrics, std::string> read(const std::string& url);

  /// 0 for a series that is not there.
  double operator[](const std::string& series) const;
  bool has(const std::string& series) const { return values_.contains(series); }
  /// Counters since `before`: those that grew, and whose name begins so.
  std::map<std::string, double> grown_since(const Metrics& before, std::string_view prefix) const;

 private:
  std::map<std::string, double> values_;
};

/// The longest pass of any worker within the last five to ten seconds, in microseconds, as the relay's status page has
/// it beside its metrics page `url`; nothing when it cannot be had.
std::optional<double> longest_pass_us(const std::string& url);

}  // namespace penstock::load::sfu
