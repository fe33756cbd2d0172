#pragma once
// Changes of what exists, by PATCH, so many per second: work for the relay's control plane and its workers' updates.

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/sfu/peer/schedule.h"
#include "bench/load/sfu/rooms/api_thread.h"
#include "bench/load/turn/histogram.h"

namespace penstock::load::sfu {

struct ChangeTally {
  std::uint64_t done = 0;
  std::uint64_t refused = 0;
  Histogram took;  ///< from request to answer
  std::string last_error;
};

/// Changes the priority of subscriptions in turns. At most so many requests wait for the API at once.
class Changes final : private peer::Task {
 public:
  /// Runs from now on; `schedule` and `api` outlive it. `paths`: of subscriptions; at least one.
  Changes(peer::Schedule& schedule, ApiThread& api, std::vector<std::string> paths, double per_second);
  ~Changes() override;
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;

  ChangeTally& tally() { return tally_; }

 private:
  std::uint64_t run(std::uint64_t now_ns) override;

  peer::Schedule& schedule_;
  ApiThread& api_;
  std::vector<std::string> paths_;
  double per_second_;
  double due_ = 0;
  std::uint64_t last_ns_;
  std::uint64_t number_ = 0;
  ChangeTally tally_;
};

}  // namespace penstock::load::sfu
