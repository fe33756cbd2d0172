#include "control/metrics/families.h"

#include <limits>

namespace penstock::control {

void Families::family(std::string_view name, MetricKind kind, std::string_view help) {
  if (!families_.empty() && families_.back().name == name) return;
  const auto type = kind == MetricKind::counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  families_.push_back({std::string(name), std::string(help), type, {}});
}

void Families::add(double value, std::initializer_list<Label> labels) {
  prometheus::MetricFamily& family = families_.back();
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  for (const auto& [name, text] : labels) {
    if (!name.empty()) metric.label.push_back({std::string(name), text});
  }
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

void Families::histogram(std::string_view name, std::string_view help) {
  families_.push_back({std::string(name), std::string(help), prometheus::MetricType::Histogram, {}});
}

void Families::add(const Histogram& histogram, std::initializer_list<Label> labels) {
  prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
  for (const auto& [name, text] : labels) metric.label.push_back({std::string(name), text});
  std::uint64_t below = 0;
  for (const Histogram::Bucket& bucket : histogram.buckets) {
    below += bucket.count;
    metric.histogram.bucket.push_back({below, bucket.upper_bound});
  }
  below += histogram.beyond;
  metric.histogram.bucket.push_back({below, std::numeric_limits<double>::infinity()});
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = histogram.sum;
}

}  // namespace penstock::control
