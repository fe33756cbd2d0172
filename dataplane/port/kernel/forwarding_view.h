#pragma once
// One worker's view of where packets go: the packet path's only way to routes and neighbours.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/packet.h"
#include "dataplane/port/kernel/forwarding_state.h"

namespace penstock::port {

/// Why resolve() answered kNoPath.
enum class NoPath : std::uint8_t {
  none,            ///< it did not
  no_route,        ///< no route, or one that says unreachable, blackhole or prohibit
  not_ours,        ///< the route leaves through an interface that is not ours
  local,           ///< an address of this host
  not_unicast,     ///< broadcast, multicast or anycast
  hop_table_full,  ///< kMostHops next hops are in use
};

/// Used by one worker's thread only. Nothing here blocks, allocates or locks; a new next hop costs a wake of the
/// mirror.
class ForwardingView {
 public:
  /// `cache_entries`: destinations remembered (40 bytes each), rounded up to a power of two. `state` outlives the view.
  static tl::expected<std::unique_ptr<ForwardingView>, std::string> create(ForwardingState& state,
                                                                           std::size_t cache_entries = 4096);
  ~ForwardingView();
  ForwardingView(const ForwardingView&) = delete;
  ForwardingView& operator=(const ForwardingView&) = delete;

  /// Once per pass, before anything else of the pass: takes in what changed. One load when nothing did. True when
  /// routes, hops or interfaces changed: a moment to try held packets again. Pointers from hop() end here.
  bool refresh() {
    now_s_ = state_.now_s();
    const std::uint64_t generation = state_.generation();
    if (generation == generation_) return false;
    take_in(generation);
    return true;
  }
  /// A worker about to sleep for long: nothing is looked at until the next refresh().
  void rest();

  /// The path of packets from `source` to `remote`, or kNoPath (why_no_path() tells why). Adds the next hop and has it
  /// resolved when it is new. A few ns when the pair was resolved since the routes changed.
  net::PathId resolve(const net::Address& source, const net::Address& remote) {
    Remembered& entry = remembered(source, remote);
    if (Path::version(entry.path) == version_ && entry.remote == remote && entry.source == source) return entry.path;
    return resolve_anew(entry, source, remote);
  }
  NoPath why_no_path() const { return why_; }

  /// The next hop of a path, marked as in use; nullptr when the path is stale (or kNoPath): resolve again.
  const Hop* hop(net::PathId path) {
    if (Path::version(path) != version_) return nullptr;
    Hop& hop = state_.hops[Path::hop(path)];
    if (hop.last_used.load(std::memory_order_relaxed) != now_s_) hop.last_used.store(now_s_, std::memory_order_relaxed);
    return &hop;
  }
  const Interface& interface(const Hop& hop) const { return state_.interfaces[hop.key.interface]; }
  /// Bytes of an IP packet that may go this way.
  std::uint32_t mtu(const Hop& hop) const {
    const std::uint32_t link = interface(hop).mtu.load(std::memory_order_relaxed);
    return hop.key.mtu != 0 && hop.key.mtu < link ? hop.key.mtu : link;
  }

 private:
  struct Remembered {
    net::Address source, remote;
    net::PathId path = net::kNoPath;
  };
  static_assert(sizeof(Remembered) == 40);

  ForwardingView(ForwardingState& state, ForwardingState::Reader& reader, std::size_t cache_entries);

  Remembered& remembered(const net::Address& source, const net::Address& remote) {
    return cache_[net::hash({remote, 0}, source.low() ^ source.high()) & (cache_.size() - 1)];
  }
  void take_in(std::uint64_t generation);
  net::PathId resolve_anew(Remembered& entry, const net::Address& source, const net::Address& remote);
  net::PathId refuse(NoPath why);

  ForwardingState& state_;
  ForwardingState::Reader& reader_;
  const Routing* routing_ = nullptr;
  std::uint64_t generation_ = 0;
  std::uint32_t version_ = 0;
  std::uint32_t now_s_ = 0;
  NoPath why_ = NoPath::none;
  std::vector<Remembered> cache_;
};

}  // namespace penstock::port
