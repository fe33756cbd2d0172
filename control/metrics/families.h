#pragma once
// Builds prometheus-cpp's families.

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/metrics/counter_table.h"

namespace penstock::control {

class Families {
 public:
  using Label = std::pair<std::string_view, std::string>;

  /// Starts a family, or goes on with the last one when it has this name.
  void family(std::string_view name, MetricKind kind, std::string_view help);
  /// A sample of the family last named.
  void add(double value, std::initializer_list<Label> labels = {});

  struct Histogram {
    struct Bucket {
      double upper_bound = 0;
      std::uint64_t count = 0;  ///< in this bucket alone
    };
    std::vector<Bucket> buckets;
    std::uint64_t beyond = 0;  ///< above the last bound
    double sum = 0;
  };
  /// Starts a family of histograms.
  void histogram(std::string_view name, std::string_view help);
  void add(const Histogram& histogram, std::initializer_list<Label> labels);

  std::vector<prometheus::MetricFamily> take() { return std::move(families_); }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

/// What the kernel knows of this process, under the names every Prometheus client library uses.
void add_process_families(Families& families);

}  // namespace penstock::control
