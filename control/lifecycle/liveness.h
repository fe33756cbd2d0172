#pragma once
// Do the workers still turn? Even an idle one makes some passes per second.

#include <chrono>
#include <optional>
#include <vector>

#include "control/metrics/sources.h"

namespace penstock::control {

class Liveness {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// A worker without a pass for this long is stuck: far above what a busy machine delays a thread.
  static constexpr std::chrono::seconds kPatience{5};

  Liveness(const std::vector<WorkerSource>& workers, Time now);

  /// Looks at the pass counters; call at least once a second.
  void check(Time now);
  /// A worker that is stuck, if any.
  std::optional<unsigned> stuck() const { return stuck_; }

 private:
  struct Seen {
    const WorkerSource* worker;
    std::uint64_t passes;
    Time moved;
  };
  std::vector<Seen> seen_;
  std::optional<unsigned> stuck_;
};

}  // namespace penstock::control
