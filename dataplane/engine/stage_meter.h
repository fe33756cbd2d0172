#pragma once
// Cycles by stage of one pass; they count only when the pass had packets.

#include <array>

#include "dataplane/engine/clock.h"
#include "dataplane/engine/counters.h"

namespace penstock::engine {

class StageMeter {
 public:
  StageMeter() : begin_(cycles()), last_(begin_) {}

  /// Everything since the last mark was `stage`.
  void mark(Stage stage) {
    const std::uint64_t now = cycles();
    spent_[static_cast<std::size_t>(stage)] += now - last_;
    last_ = now;
  }

  /// Up to the last mark.
  std::uint64_t total() const { return last_ - begin_; }

  void account(WorkerCounters& counters, bool busy) const {
    counters.passes.add();
    counters.total_cycles.add(total());
    if (total() > counters.longest_pass_cycles.get()) counters.longest_pass_cycles.set(total());
    if (!busy) {
      counters.idle_passes.add();
      return;
    }
    counters.busy_cycles.add(total());
    for (std::size_t i = 0; i < kStageCount; ++i) counters.stage_cycles[i].add(spent_[i]);
  }

 private:
  std::uint64_t begin_;
  std::uint64_t last_;
  std::array<std::uint64_t, kStageCount> spent_{};
};

}  // namespace penstock::engine
