#pragma once
// What the mirror's thread and the workers share: interfaces, hops, the current route table, and who still looks at
// what.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "dataplane/net/packet.h"
#include "dataplane/port/kernel/hop_table.h"
#include "dataplane/port/kernel/interface.h"
#include "dataplane/port/kernel/route_table.h"
#include "dataplane/port/waker.h"

namespace penstock::port {

/// A path: 12 bits of hop index below 20 bits of the route table's version. kNoPath is never made: versions skip the
/// value of twenty ones. A path is taken for fresh again when the version has gone once around, which takes a million
/// route changes, so six hours at the mirror's fastest pace, during which nobody used it.
struct Path {
  static constexpr unsigned kHopBits = 12;
  static constexpr std::uint32_t kVersions = (1U << 20) - 1;

  static net::PathId make(std::uint32_t version, HopIndex hop) { return version << kHopBits | hop; }
  static std::uint32_t version(net::PathId path) { return path >> kHopBits; }
  static HopIndex hop(net::PathId path) { return path & (kMostHops - 1); }
};

/// A route table with its version.
struct Routing {
  std::uint32_t version = 0;  ///< below Path::kVersions
  std::shared_ptr<const RouteTable> table;
};

/// Workers announce what they look at, and never wait. The mirror's thread publishes, and frees only what nobody looks
/// at any more: old route tables, and the places of retired hops.
class ForwardingState {
 public:
  static constexpr std::size_t kMostViews = 256;
  static constexpr std::uint64_t kIdle = UINT64_MAX;

  /// What one worker announces.
  struct alignas(64) Reader {
    std::atomic<bool> taken{false};
    std::atomic<const Routing*> looks_at{nullptr};
    /// The count of publications that the worker has seen; kIdle when it looks at nothing.
    std::atomic<std::uint64_t> seen{kIdle};
  };

  ForwardingState();

  InterfaceTable interfaces;
  HopTable hops;
  /// Ends the mirror's sleep: there are new hops to resolve, or frames to move.
  Waker mirror_waker;

  /// Moves whenever a route, hop or interface changed.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  /// The forwarding clock: whole seconds, moved by the mirror's thread.
  std::uint32_t now_s() const { return now_s_.load(std::memory_order_relaxed); }

  /// A place for a view; nullptr when kMostViews are taken.
  Reader* join();
  void leave(Reader& reader);
  /// A worker, once per change: announces and returns the newest routing. Valid until the next call.
  const Routing& look(Reader& reader);

  // The mirror's thread only:
  void publish(RouteTable table);
  /// Makes every path stale without a change of routes.
  void move_version();
  void touch() { generation_.fetch_add(1, std::memory_order_release); }
  void set_now(std::uint32_t seconds) { now_s_.store(seconds, std::memory_order_relaxed); }
  /// Hides a hop; its place is freed by collect() when every worker has seen a newer version.
  void retire(HopIndex index);
  /// Frees what nobody looks at any more.
  void collect();
  const RouteTable& routes() const { return *current_.load(std::memory_order_relaxed)->table; }

 private:
  void publish_next(std::shared_ptr<const RouteTable> table);
  bool looked_at(const Routing* routing) const;
  bool all_have_seen(std::uint64_t publication) const;

  alignas(64) std::atomic<std::uint64_t> generation_{1};
  std::atomic<std::uint32_t> now_s_{1};
  std::atomic<std::uint64_t> published_{0};
  alignas(64) std::atomic<const Routing*> current_{nullptr};
  std::array<Reader, kMostViews> readers_;

  // The mirror's own.
  std::vector<std::unique_ptr<const Routing>> routings_;     ///< the current one, and old ones somebody may look at
  std::vector<std::pair<HopIndex, std::uint64_t>> retired_;  ///< with the publication that must have been seen
};

}  // namespace penstock::port
