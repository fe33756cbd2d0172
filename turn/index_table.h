#pragma once
// Finds an object's index by the hash of its key; the objects themselves live in a Pool.

#include <rte_prefetch.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "dataplane/net/lazy_array.h"
#include "turn/pool.h"

namespace penstock::turn {

/// Open addressing with linear probing over eight-byte slots, eight to a cache line, at most half full. Erasing shifts
/// the entries behind back, so no tombstones gather. The hash must be salted where keys come from strangers.
class IndexTable {
 public:
  explicit IndexTable(std::uint32_t capacity)
      : mask_(std::bit_ceil(std::max(std::uint64_t{capacity} * 2, kLeastSlots)) - 1),
        slots_(mask_ + 1, net::Touched::at_start) {}

  void prefetch(std::uint32_t hash) const { rte_prefetch0(&slots_[hash & mask_]); }

  /// The index for which `is(index)` holds, or kNone.
  template <class Is>
  std::uint32_t find(std::uint32_t hash, Is&& is) const {
    for (std::uint64_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.index_plus_1 == 0) return kNone;
      if (slot.hash == hash && is(slot.index_plus_1 - 1)) return slot.index_plus_1 - 1;
    }
  }

  /// The first index filed under `hash`, right or not: to prefetch what find() is about to compare.
  std::uint32_t guess(std::uint32_t hash) const {
    for (std::uint64_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.index_plus_1 == 0) return kNone;
      if (slot.hash == hash) return slot.index_plus_1 - 1;
    }
  }

  /// The caller has made sure that there is room, and that the key is new.
  void insert(std::uint32_t hash, std::uint32_t index) {
    std::uint64_t at = hash & mask_;
    while (slots_[at].index_plus_1 != 0) at = (at + 1) & mask_;
    slots_[at] = {hash, index + 1};
  }

  void erase(std::uint32_t hash, std::uint32_t index) {
    std::uint64_t hole = hash & mask_;
    while (slots_[hole].index_plus_1 != index + 1) {
      if (slots_[hole].index_plus_1 == 0) return;
      hole = (hole + 1) & mask_;
    }
    for (std::uint64_t at = (hole + 1) & mask_; slots_[at].index_plus_1 != 0; at = (at + 1) & mask_) {
      const std::uint64_t home = slots_[at].hash & mask_;
      if (((at - home) & mask_) < ((at - hole) & mask_)) continue;  // at home behind the hole: stays
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = {};
  }

 private:
  struct Slot {
    std::uint32_t hash;
    std::uint32_t index_plus_1;  // 0: free
  };
  static constexpr std::uint64_t kLeastSlots = 8;
  std::uint64_t mask_;
  net::LazyArray<Slot> slots_;
};

}  // namespace penstock::turn
