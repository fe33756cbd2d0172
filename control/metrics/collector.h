#pragma once
// Prometheus asks, the live counters answer: nothing is kept between scrapes.

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <functional>
#include <string>
#include <vector>

#include "control/metrics/load_meter.h"
#include "control/metrics/sources.h"

namespace penstock::control {

class Collector : public prometheus::Collectable {
 public:
  /// `load` outlives the collector; `state` tells the control thread's state at scrape time.
  Collector(std::vector<WorkerSource> workers, const LoadMeter& load, std::function<ProcessState()> state);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<WorkerSource> workers_;
  const LoadMeter& load_;
  std::function<ProcessState()> state_;
};

/// The text exposition format, version 0.0.4.
std::string expose(const prometheus::Collectable& collectable);
inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace penstock::control
