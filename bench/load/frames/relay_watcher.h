#pragma once
// The relay's counters at both ends of a measured interval, read on the side.

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <tl/expected.hpp>

#include "bench/load/frames/relay_counters.h"

namespace penstock::frames {

struct ServerResult {
  RelayCounters counters;  ///< of most of the measured interval
  double tsc_hz = 0;
};

/// A thread that waits for the interval to begin.
class RelayWatcher {
 public:
  /// `url` of the relay's metrics; `measuring` may be called from another thread until result() has returned.
  RelayWatcher(std::string url, double duration_s, std::function<bool()> measuring);

  /// Tells the watcher that there will be no interval, if it is still waiting for one.
  ~RelayWatcher();

  /// Waits for it. The error says that the metrics cannot be had.
  tl::expected<ServerResult, std::string> result() { return result_.get(); }

 private:
  std::atomic<bool> in_vain_{false};
  std::future<tl::expected<ServerResult, std::string>> result_;
};

}  // namespace penstock::frames
