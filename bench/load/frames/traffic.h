#pragma once
// The load itself: frames of all lanes in random order, and what comes back of them.

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "bench/load/frames/gateway.h"
#include "bench/load/frames/lanes.h"
#include "bench/load/frames/link.h"
#include "bench/load/turn/histogram.h"
#include "bench/load/turn/ledger.h"
#include "bench/load/turn/pacer.h"

namespace penstock::frames {

struct TrafficPlan {
  double rate_pps = 0;    ///< 0: flat out
  unsigned window = 768;  ///< flat out: most packets in flight
  double warmup_s = 0.5;
  double duration_s = 3;
};

/// Counters of the generator, from the beginning of the load.
struct TrafficCounters {
  std::array<std::uint64_t, 2> sent{};       ///< by direction: to the peer, to the client
  std::array<std::uint64_t, 2> delivered{};  ///< by direction
  std::uint64_t refused = 0;                 ///< our device had no room; not among `sent`
  std::uint64_t reordered = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t misdelivered = 0;  ///< ours, but with a wrong address, port, channel or content
  std::uint64_t damaged = 0;       ///< malformed or with a wrong checksum; one of each burst is checked
  std::uint64_t foreign = 0;       ///< neither ours nor ARP
  std::uint64_t receives = 0;      ///< that brought something
  std::uint64_t busy_cycles = 0;   ///< of turns that sent or received something
  std::uint64_t cycles = 0;

  std::uint64_t all_sent() const { return sent[0] + sent[1]; }
  std::uint64_t all_delivered() const { return delivered[0] + delivered[1]; }
};

struct TrafficResult {
  double seconds = 0;
  TrafficCounters interval;  ///< of the measured interval
  TrafficCounters total;     ///< warm-up and grace included: what was lost shows here
  load::Histogram latency;   ///< of packets that arrived within the interval, ns
};

/// Runs on one thread, which others may watch.
class Traffic {
 public:
  /// All must outlive it.
  Traffic(Link& link, Gateway& gateway, const Lanes& lanes, const TrafficPlan& plan);

  /// Says "frame_load: measuring" on standard error when the interval begins.
  TrafficResult run();
  /// True within the measured interval.
  bool measuring() const { return measuring_.load(std::memory_order_acquire); }

 private:
  static constexpr unsigned kBurst = 64;

  void run_until(std::uint64_t end_cycles, bool sending);
  unsigned send(std::uint64_t now);
  std::uint64_t allowance(std::uint64_t now);
  std::uint64_t room_in_window(std::uint64_t now);
  void write(net::Packet* p, const Lane& lane, const Stamp& stamp) const;
  unsigned receive();
  void arrived(const net::Packet* p, std::uint64_t now);
  void settle(const Stamp& stamp, std::uint64_t now);
  bool as_expected(const net::Packet* p, const Lane& lane, std::size_t head) const;
  bool is_sound(const net::Packet* p) const;
  void other(const net::Packet* p);
  std::uint64_t ns(std::uint64_t cycles) const {
    return static_cast<std::uint64_t>(static_cast<double>(cycles) * ns_per_cycle_);
  }

  Link& link_;
  Gateway& gateway_;
  const Lanes& lanes_;
  TrafficPlan plan_;
  std::vector<std::uint32_t> order_;
  std::size_t next_ = 0;  // in order_
  std::uint64_t sequence_ = 0;
  double ns_per_cycle_;
  std::uint64_t start_;
  load::RatePacer pacer_;
  std::uint64_t last_send_ = 0;
  bool link_full_ = false;  // at the last burst
  load::SequenceWindow seen_;
  std::uint64_t settled_ = 0;  // sequence numbers below it have arrived or are lost
  std::uint64_t last_arrival_ = 0;
  TrafficCounters counters_;
  load::Histogram latency_;
  bool recording_ = false;
  std::atomic<bool> measuring_{false};
};

}  // namespace penstock::frames
