#pragma once
// What the relay says about itself: its metrics, as penstockd serves them to Prometheus.

#include <map>
#include <string>
#include <tl/expected.hpp>

namespace penstock::frames {

/// Sums over all workers; differences of two are what an interval cost.
struct RelayCounters {
  double sent = 0;
  double received = 0;
  double passes = 0;
  double idle_passes = 0;
  double busy_cycles = 0;
  double awake_cycles = 0;
  std::map<std::string, double> stage_cycles;
  std::map<std::string, double> dropped;  ///< by reason
};

/// `url`: of the metrics page. The error says that it cannot be had.
tl::expected<RelayCounters, std::string> read_relay_counters(const std::string& url);
/// The same out of the page's text.
RelayCounters parse_relay_counters(const std::string& page);

RelayCounters operator-(RelayCounters after, const RelayCounters& before);

}  // namespace penstock::frames
