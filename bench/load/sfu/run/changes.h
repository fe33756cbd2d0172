#pragma once
// Changes of what exists, by PATCH, so many per second: work for the relay's control plane and its workers' updates.

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
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

/// What is changed: `paths` in turns, at least one; `body(n)` is the n-th request's.
struct ChangeOptions {
  std::vector<std::string> paths;
  std::function<nlohmann::json(std::uint64_t)> body;
  double per_second = 0;
};

/// Keeps the API's queue short: when it is as fast as it gets, what is due is left out.
class Changes final : private peer::Task {
 public:
  /// Runs from now on; `schedule` and `api` outlive it.
  Changes(peer::Schedule& schedule, ApiThread& api, ChangeOptions options);
  ~Changes() override;
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;

  ChangeTally& tally() { return tally_; }

 private:
  std::uint64_t run(std::uint64_t now_ns) override;

  peer::Schedule& schedule_;
  ApiThread& api_;
  ChangeOptions options_;
  double due_ = 0;
  std::uint64_t last_ns_;
  std::uint64_t number_ = 0;
  ChangeTally tally_;
};

}  // namespace penstock::load::sfu
