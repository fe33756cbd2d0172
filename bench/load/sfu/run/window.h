#pragma once
// An interval of a run, seen from both ends: what the relay spent and counted, what the generator sent and saw.

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/load/sfu/media/tally.h"
#include "bench/load/sfu/relay/metrics.h"
#include "bench/load/sfu/run/stage.h"

namespace penstock::load::sfu {

/// What the relay spent and did within a window.
struct RelayCost {
  double seconds = 0;
  double worker_cpu_s = 0;  ///< threads "worker-..."
  double all_cpu_s = 0;
  std::map<std::string, double> threads_s;
  unsigned workers = 0;
  double forwarded = 0;                   ///< RTP packets out
  double received = 0;                    ///< RTP packets in
  std::optional<double> longest_pass_us;  ///< of the last five to ten seconds
  Metrics before, after;

  double worker_ns_per_output() const { return forwarded > 0 ? worker_cpu_s * 1e9 / forwarded : 0; }
  double all_ns_per_output() const { return forwarded > 0 ? all_cpu_s * 1e9 / forwarded : 0; }
  /// Of all workers together, as the kernel counts CPU time.
  double busy() const { return workers > 0 && seconds > 0 ? worker_cpu_s / seconds / workers : 0; }
};

class Window {
 public:
  /// Begins now: the tallies are cleared. They outlive the window.
  Window(Stage& stage, std::vector<media::Tally*> tallies);
  /// Ends it; call once.
  void close();

  const RelayCost& relay() const { return relay_; }
  double generator_busy() const { return generator_busy_; }
  /// {relay, generator}; the tallies are the caller's to report.
  nlohmann::ordered_json to_json() const;

 private:
  struct Reading;
  static Reading read(Stage& stage);

  Stage& stage_;
  std::shared_ptr<const Reading> begin_;
  RelayCost relay_;
  double generator_busy_ = 0;
  std::uint64_t sent_ = 0, refused_ = 0, datagrams_ = 0, not_authentic_ = 0, replayed_ = 0, malformed_ = 0;
};

nlohmann::ordered_json to_json(const media::Tally& tally);
/// p50, p99, p99.9 and the largest, in microseconds.
nlohmann::ordered_json latency_us(const Histogram& latency);

}  // namespace penstock::load::sfu
