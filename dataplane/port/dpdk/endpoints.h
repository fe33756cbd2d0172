#pragma once
// The endpoints one worker has bound on its DPDK port.

#include <rte_prefetch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/port/dpdk/local_table.h"
#include "dataplane/port/port.h"

namespace penstock::port {

struct LocalEndpoint {
  net::Endpoint endpoint;
  Slot slot = kNoSlot;  ///< kNoSlot: the place is free
  bool icmp_errors = false;
  bool v6 = false;
};
static_assert(sizeof(LocalEndpoint) == 32);

/// By local id. Does not grow past what it was made for, and hands an id out again as late as it can, so that a packet
/// or an error under way when its endpoint was unbound meets nobody rather than a stranger.
class Endpoints {
 public:
  /// Untouched pages cost nothing.
  explicit Endpoints(std::uint32_t capacity)
      : capacity_(capacity), free_(std::make_unique_for_overwrite<net::LocalId[]>(capacity)) {
    places_.reserve(capacity);  // local_endpoint() hands out references
  }

  /// A free place for the caller to fill, or kNoLocal.
  net::LocalId take() {
    if (places_.size() < capacity_) {
      places_.emplace_back();
      return static_cast<net::LocalId>(places_.size() - 1);
    }
    if (taken_ == given_) return net::kNoLocal;
    return free_[taken_++ % capacity_];
  }
  void give_back(net::LocalId id) {
    places_[id].slot = kNoSlot;
    free_[given_++ % capacity_] = id;
  }

  /// The bound endpoint, or nullptr.
  const LocalEndpoint* find(net::LocalId id) const {
    return id < places_.size() && places_[id].slot != kNoSlot ? &places_[id] : nullptr;
  }
  LocalEndpoint& operator[](net::LocalId id) { return places_[id]; }
  const LocalEndpoint& operator[](net::LocalId id) const { return places_[id]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(places_.size()); }
  void prefetch(net::LocalId id) const { rte_prefetch0(places_.data() + id); }

 private:
  std::uint32_t capacity_;
  std::vector<LocalEndpoint> places_;
  std::unique_ptr<net::LocalId[]> free_;  // a ring of given_ - taken_ ids, the oldest at taken_
  std::uint64_t taken_ = 0;
  std::uint64_t given_ = 0;
};

}  // namespace penstock::port
