#include "control/metrics/families.h"

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

}  // namespace penstock::control
