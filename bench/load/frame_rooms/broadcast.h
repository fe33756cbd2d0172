#pragma once
// The load itself: one publishes, everybody else watches, on one polling thread.

#include <atomic>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "bench/load/frame_rooms/audience.h"
#include "bench/load/frame_rooms/camera.h"
#include "bench/load/frame_rooms/crowd.h"
#include "bench/load/frame_rooms/wire.h"
#include "bench/load/frames/gateway.h"
#include "bench/load/turn/histogram.h"
#include "bench/load/turn/pacer.h"

namespace penstock::frame_rooms {

struct Plan {
  double rate_pps = 0;         ///< packets published per second; 0: flat out
  unsigned burst = 8;          ///< packets published at once
  std::uint64_t window = 768;  ///< flat out: a burst leaves only while fewer packets are on their way to the viewers
  double interval_s = 0.1;     ///< between two times that a viewer tells of its arrivals
  double warmup_s = 0.5;
  double duration_s = 3;
};

/// Of the generator, from the beginning.
struct BroadcastCounters {
  std::uint64_t published = 0;
  std::uint64_t refused = 0;  ///< published packets that our device had no room for; not among `published`
  std::uint64_t foreign = 0;  ///< frames that are neither the relay's to us nor ARP
  std::uint64_t unsound = 0;  ///< with a wrong checksum; one of each burst is looked at
  std::uint64_t key_frame_requests = 0;
  std::uint64_t receives = 0;     ///< that brought something
  std::uint64_t frames = 0;       ///< that they brought
  std::uint64_t busy_cycles = 0;  ///< of turns that moved something
  std::uint64_t cycles = 0;
  AudienceCounters audience;
};
BroadcastCounters operator-(const BroadcastCounters& after, const BroadcastCounters& before);

struct BroadcastResult {
  double seconds = 0;
  BroadcastCounters interval;  ///< of the measured interval
  BroadcastCounters total;     ///< from when everybody watched, grace included: what was lost shows here
  std::uint64_t key_frames = 0;
  load::Histogram latency;  ///< ns
};

/// Runs on one thread, which others may watch.
class Broadcast {
 public:
  /// All must outlive it. The crowd is established.
  Broadcast(Wire& wire, frames::Gateway& gateway, Crowd& crowd, srtp::Cipher& cipher, const CameraOptions& camera,
            const Plan& plan);

  /// Says "frame_rooms: measuring" on standard error when the interval begins. The error says that not every viewer
  /// got to see anything.
  tl::expected<BroadcastResult, std::string> run();
  /// True within the measured interval.
  bool measuring() const { return measuring_.load(std::memory_order_acquire); }

 private:
  static constexpr unsigned kBurst = 64;

  tl::expected<void, std::string> gather();
  template <class Publish>
  void run_until(std::uint64_t end_cycles, Publish publish);
  unsigned publish_by_plan(std::uint64_t now_cycles);
  std::uint64_t allowance(std::uint64_t now_cycles);
  unsigned publish(unsigned packets);
  unsigned receive();
  void take(const Arrival& arrival, std::uint64_t now_ns);
  void take_publisher_rtcp(std::span<std::uint8_t> datagram, std::uint64_t now_ns);
  void other(std::span<const std::uint8_t> frame);
  unsigned do_duties(std::uint64_t now_cycles);
  void send_sender_report(std::uint64_t now_ns);
  BroadcastCounters counters() const;
  std::uint64_t cycles_of(double seconds) const { return static_cast<std::uint64_t>(seconds * hz_); }
  std::uint64_t ns(std::uint64_t cycles) const {
    return static_cast<std::uint64_t>(static_cast<double>(cycles) * 1e9 / hz_);
  }

  Wire& wire_;
  frames::Gateway& gateway_;
  Crowd& crowd_;
  srtp::Cipher& cipher_;
  Plan plan_;
  double hz_;
  Camera camera_;
  Audience audience_;
  std::uint64_t start_;               // cycles
  load::RatePacer pacer_;             // of bursts
  std::uint64_t unsettled_ = 0;       // published packets times viewers, less what is settled or given up
  std::uint64_t settled_before_ = 0;  // as the audience counts it
  std::uint64_t last_progress_ = 0;   // cycles
  std::uint64_t duties_ = 0;          // done, participants in turn
  BroadcastCounters counters_;
  std::atomic<bool> measuring_{false};
};

}  // namespace penstock::frame_rooms
