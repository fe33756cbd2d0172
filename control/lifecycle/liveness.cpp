#include "control/lifecycle/liveness.h"

namespace penstock::control {

Liveness::Liveness(const std::vector<WorkerSource>& workers, Time now) {
  for (const WorkerSource& worker : workers) seen_.push_back({&worker, worker.engine->passes.get(), now});
}

void Liveness::check(Time now) {
  stuck_.reset();
  for (Seen& seen : seen_) {
    const std::uint64_t passes = seen.worker->engine->passes.get();
    if (passes != seen.passes) {
      seen.passes = passes;
      seen.moved = now;
    } else if (now - seen.moved > kPatience) {
      stuck_ = seen.worker->worker;
    }
  }
}

}  // namespace penstock::control
