#pragma once
// The endpoints one worker has bound on its DPDK port.

#include <rte_prefetch.h>

#include <cstdint>

#include "dataplane/net/lazy_array.h"
#include "dataplane/port/dpdk/local_table.h"
#include "dataplane/port/port.h"

namespace penstock::port {

/// All zero: a free place.
struct LocalEndpoint {
  net::Endpoint endpoint;
  Slot slot = 0;
  bool bound = false;
  bool icmp_errors = false;
  bool v6 = false;
};
static_assert(sizeof(LocalEndpoint) == 32);

/// By local id. Does not grow past what it was made for, and hands an id out again as late as it can, so that a packet
/// or an error under way when its endpoint was unbound meets nobody rather than a stranger.
class Endpoints {
 public:
  /// Memory is taken as places are used.
  explicit Endpoints(std::uint32_t capacity) : places_(capacity), free_(capacity) {}

  /// A free place for the caller to fill, or kNoLocal.
  net::LocalId take() {
    if (used_ < places_.size()) return used_++;
    if (taken_ == given_) return net::kNoLocal;
    return free_[taken_++ % free_.size()];
  }
  void give_back(net::LocalId id) {
    places_[id].bound = false;
    free_[given_++ % free_.size()] = id;
  }

  /// The bound endpoint, or nullptr.
  const LocalEndpoint* find(net::LocalId id) const { return id < used_ && places_[id].bound ? &places_[id] : nullptr; }
  LocalEndpoint& operator[](net::LocalId id) { return places_[id]; }
  const LocalEndpoint& operator[](net::LocalId id) const { return places_[id]; }
  /// Places that were ever used: ids are below.
  std::uint32_t size() const { return used_; }
  void prefetch(net::LocalId id) const { rte_prefetch0(&places_[id]); }

 private:
  net::LazyArray<LocalEndpoint> places_;
  net::LazyArray<net::LocalId> free_;  // a ring of given_ - taken_ ids, the oldest at taken_
  std::uint32_t used_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t given_ = 0;
};

}  // namespace penstock::port
