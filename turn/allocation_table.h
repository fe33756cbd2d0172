#pragma once
// All allocations of one worker, found by index, by relayed port, and by the local endpoint packets arrive at.

#include <rte_prefetch.h>

#include <cstdint>

#include "dataplane/net/lazy_array.h"
#include "turn/allocation.h"
#include "turn/pool.h"

namespace penstock::turn {

class AllocationTable {
 public:
  AllocationTable(std::uint32_t capacity, const RelayDirectory& directory, std::uint16_t worker);

  /// The index of a slot for a new allocation, or kNone. Its state is `free` until the caller sets it.
  std::uint32_t take();
  /// Back to the pool; its ports have been removed.
  void give(std::uint32_t index);

  Allocation& operator[](std::uint32_t index) { return pool_[index]; }
  const Allocation& operator[](std::uint32_t index) const { return pool_[index]; }
  AllocationFacts& facts(std::uint32_t index) { return facts_[index]; }
  const AllocationFacts& facts(std::uint32_t index) const { return facts_[index]; }

  /// Unique over the life of the process while a slot is used less than 2^32 times.
  std::uint64_t id(std::uint32_t index) const {
    return std::uint64_t{worker_} << 56 | std::uint64_t{pool_[index].generation} << 24 | index;
  }

  /// What relaying in one direction needs of an allocation, on its way.
  void prefetch_to_client(std::uint32_t index) const { rte_prefetch0(&pool_[index].client); }
  void prefetch_to_peer(std::uint32_t index) const { rte_prefetch0(&pool_[index].to_peer); }

  /// False when the port's local id is beyond what the table was sized for.
  bool add_port(std::uint32_t index, const BoundPort& bound);
  void remove_port(std::uint32_t index, const BoundPort& bound);

  std::uint32_t find_port(RelayPort port) const { return by_port_[slot(port)] - 1; }
  std::uint32_t find_local(net::LocalId local) const { return local < by_local_.size() ? by_local_[local] - 1 : kNone; }

  std::uint32_t size() const { return pool_.size(); }
  std::uint32_t capacity() const { return pool_.capacity(); }
  bool full() const { return pool_.full(); }
  std::uint32_t ever_taken() const { return pool_.ever_taken(); }

 private:
  std::size_t slot(RelayPort port) const {
    return std::size_t{port.address} * directory_.ports() + port.port - directory_.port_min();
  }

  const RelayDirectory& directory_;
  std::uint16_t worker_;
  Pool<Allocation> pool_;
  net::LazyArray<AllocationFacts> facts_;
  net::LazyArray<std::uint32_t> by_port_;   // index + 1
  net::LazyArray<std::uint32_t> by_local_;  // index + 1
};

}  // namespace penstock::turn
