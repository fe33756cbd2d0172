#pragma once
// The road between a device that the kernel cannot see and the tap that stands for it there: what is not ours is punted
// to the kernel, and what the kernel sends is injected into the device.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/net/counter.h"
#include "dataplane/port/kernel/frame_ring.h"
#include "dataplane/port/kernel/tap.h"
#include "dataplane/port/kernel/token_bucket.h"
#include "dataplane/port/waker.h"

namespace penstock::port {

/// Each class has a rate of its own, so that a flood of one starves none of the others.
enum class PuntClass : std::uint8_t {
  neighbour,  ///< ARP; ICMPv6 133 to 137: the link must not fall silent
  icmp,       ///< the rest of ICMP
  datagram,   ///< UDP to ports that nobody of us bound
  other,      ///< everything else: ssh, metrics, routing protocols
  count_
};
inline constexpr std::size_t kPuntClassCount = static_cast<std::size_t>(PuntClass::count_);
/// As in metrics: penstock_punted_total{class="..."}.
inline constexpr std::array<std::string_view, kPuntClassCount> kPuntClassNames = {"neighbour", "icmp", "datagram",
                                                                                  "other"};

/// Total: whatever it does not understand is `other`. Looks through one 802.1Q tag.
PuntClass classify_punt(std::span<const std::uint8_t> frame);

/// Frames per second and at once that one worker may punt; sums of bursts fit the ring.
struct PuntLimit {
  std::uint32_t rate_pps;
  std::uint32_t burst;
};
inline constexpr std::array<PuntLimit, kPuntClassCount> kPuntLimits = {
    {{2'000, 128}, {2'000, 128}, {2'000, 128}, {20'000, 512}}};

/// Written by one worker each.
struct PuntCounters {
  std::array<net::Counter, kPuntClassCount> punted;
  std::array<net::Counter, kPuntClassCount> dropped;  ///< over the class's rate, or the kernel does not keep up
};

/// Of one device. Frames keep their VLAN tags both ways.
class ExceptionPath {
 public:
  /// Used by at most `workers` workers. `mirror_waker` wakes the thread that calls move_frames(), and outlives this.
  ExceptionPath(Tap tap, unsigned workers, Waker& mirror_waker);

  /// A worker: hands a frame to the kernel, by copy. `worker` is its number, `now_ns` monotonic. False when it was
  /// dropped (and counted here).
  bool punt(unsigned worker, std::span<const std::uint8_t> frame, std::uint64_t now_ns);

  /// Worker 0: the next frame that the kernel wants on the wire, valid until pop_injected(); empty when there is none.
  std::span<const std::uint8_t> next_injected() const { return injected_.front(); }
  void pop_injected() { injected_.pop(); }

  /// The mirror's thread: moves what is there both ways, bounded; true when there may be more.
  bool move_frames();

  /// From any thread, when the device's link came up or went down: its next hops become usable or cease to be. False
  /// when the kernel refuses.
  bool set_link(bool up) { return tap_.set_carrier(up); }

  const Tap& tap() const { return tap_; }

  const PuntCounters& punt_counters(unsigned worker) const { return workers_[worker]->counters; }
  unsigned workers() const { return static_cast<unsigned>(workers_.size()); }
  /// Sums over the workers.
  std::uint64_t punted(PuntClass c) const;
  std::uint64_t punt_dropped(PuntClass c) const;

  /// Written by the mirror's thread.
  struct Counters {
    net::Counter delivered;       ///< punted frames that the kernel took
    net::Counter refused;         ///< punted frames that it did not (tap down)
    net::Counter injected;        ///< frames of the kernel on their way to worker 0
    net::Counter inject_dropped;  ///< worker 0 did not keep up
  };
  const Counters& counters() const { return counters_; }

 private:
  struct alignas(64) Worker {
    explicit Worker(std::size_t longest_frame);
    FrameRing ring;
    std::array<TokenBucket, kPuntClassCount> buckets;
    PuntCounters counters;
  };

  bool deliver_punted();
  bool read_injected();

  Tap tap_;
  Waker& mirror_waker_;
  std::vector<std::unique_ptr<Worker>> workers_;
  FrameRing injected_;
  std::vector<std::uint8_t> discarded_;  ///< what is read when worker 0 does not keep up
  Counters counters_;
};

}  // namespace penstock::port
