#pragma once
// How hard each worker works: cycles per packet and the share of its core that packets take, over the last seconds.

#include <cstdint>
#include <vector>

#include "control/metrics/sources.h"

namespace penstock::control {

/// Of one worker, between the last two samples.
struct Load {
  double cycles_per_packet = 0;  ///< 0 when no packet came
  double busy_ratio = 0;         ///< share of the core spent on passes with packets; 1 - this is the headroom
  double packets_per_s = 0;      ///< received, taken over, and shared by other workers
  double longest_pass_us = 0;    ///< of the last five to ten seconds
};

class LoadMeter {
 public:
  /// `tsc_hz`: cycles of the time stamp counter per second.
  LoadMeter(std::vector<WorkerSource> workers, double tsc_hz);

  /// Call about once in some seconds, with a monotonic time.
  void sample(std::uint64_t now_ns);
  /// By index of the worker; zeros before the second sample.
  const std::vector<Load>& loads() const { return loads_; }

 private:
  struct Reading {
    std::uint64_t packets = 0;
    std::uint64_t busy_cycles = 0;
  };

  std::vector<WorkerSource> workers_;
  double tsc_hz_;
  std::uint64_t last_ns_ = 0;
  std::vector<Reading> last_;
  std::vector<Load> loads_;
};

}  // namespace penstock::control
