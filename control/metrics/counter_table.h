#pragma once
// Which counter is which metric: one row per counter, all labels bounded.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/metrics/sources.h"

namespace penstock::control {

enum class MetricKind : std::uint8_t { counter, gauge };

/// One time series per worker.
struct CounterRow {
  std::string_view name;
  std::string_view help;
  MetricKind kind = MetricKind::counter;
  std::string_view label;  ///< besides "worker"; empty: none
  std::string value;       ///< of that label
  std::uint64_t (*read)(const WorkerSource& source, std::size_t index) = nullptr;
  std::size_t index = 0;  ///< for counters in an array, else 0
};

/// Every counter of PortCounters, WorkerCounters and turn::Stats; rows of one name stand together. What the packet
/// equation needs of the port and of the worker together (drops of a reason, handed over, taken over, held) is a sum.
std::span<const CounterRow> counter_rows();

}  // namespace penstock::control
