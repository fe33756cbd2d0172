#pragma once
// What receivers got: how much, how late, in which order.

#include <cstdint>
#include <vector>

#include "bench/load/turn/histogram.h"

namespace penstock::peers {

/// Counts what left after a moment: packets of before are on their way still when it begins, and count as nothing.
class Arrivals {
 public:
  explicit Arrivals(unsigned receivers) : received_(receivers), last_sent_ns_(receivers) {}

  /// From now on packets stamped `from_ns` and later are counted.
  void begin(std::uint64_t from_ns);
  /// And none stamped later than this.
  void end(std::uint64_t to_ns) { to_ns_ = to_ns; }
  void note(unsigned receiver, std::uint64_t sent_ns, std::uint64_t received_ns);
  /// A packet that a receiver of encrypted media cannot look into, or that has no stamp.
  void note_unstamped() { ++packets_; }

  /// Everything that arrived, whenever it left: what the server has output.
  std::uint64_t packets() const { return packets_; }
  /// Of what left within the interval.
  std::uint64_t counted() const;
  std::uint64_t fewest() const;
  std::uint64_t overtaken() const { return overtaken_; }
  const load::Histogram& latency() const { return latency_; }

 private:
  std::vector<std::uint64_t> received_;
  std::vector<std::uint64_t> last_sent_ns_;
  std::uint64_t from_ns_ = UINT64_MAX;
  std::uint64_t to_ns_ = UINT64_MAX;
  std::uint64_t packets_ = 0;
  std::uint64_t overtaken_ = 0;  ///< arrived behind packets that left later
  load::Histogram latency_;
};

}  // namespace penstock::peers
