#pragma once
// 64-bit key -> 32-bit value: ICE fragments to endpoints, SSRCs to streams. Fixed size, open addressing.

#include <bit>
#include <cstdint>

#include "dataplane/net/lazy_array.h"

namespace penstock::sfu {

class KeyTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Never more than `capacity` keys are in at once; the table is at most half full. `salt`: a secret, because clients
  /// choose the keys.
  KeyTable(std::uint32_t capacity, std::uint64_t salt)
      : mask_(std::bit_ceil(2 * std::uint64_t{capacity} + 2) - 1), salt_(salt), slots_(mask_ + 1) {}

  std::uint32_t find(std::uint64_t key) const {
    for (std::uint64_t at = home(key);; ++at) {
      const Slot& slot = slots_[at & mask_];
      if (slot.value == 0) return kNone;
      if (slot.key == key) return slot.value - 1;
    }
  }

  /// Adds the key, or gives it another value; false when the table is full. `value` < kNone - 1.
  bool set(std::uint64_t key, std::uint32_t value) {
    for (std::uint64_t at = home(key);; ++at) {
      Slot& slot = slots_[at & mask_];
      if (slot.value != 0 && slot.key != key) continue;
      if (slot.value == 0 && 2 * (size_ + std::uint64_t{1}) > mask_ + 1) return false;
      size_ += slot.value == 0 ? 1 : 0;
      slot = {key, value + 1};
      return true;
    }
  }

  void erase(std::uint64_t key) {
    std::uint64_t hole = home(key);
    while (slots_[hole & mask_].value != 0 && slots_[hole & mask_].key != key) ++hole;
    if (slots_[hole & mask_].value == 0) return;
    --size_;
    // Those behind move up, as long as that does not put them before their home.
    for (std::uint64_t next = hole + 1; slots_[next & mask_].value != 0; ++next) {
      if (((next - home(slots_[next & mask_].key)) & mask_) < ((next - hole) & mask_)) continue;
      slots_[hole & mask_] = slots_[next & mask_];
      hole = next;
    }
    slots_[hole & mask_] = {};
  }

  std::uint32_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t value = 0;  ///< plus one; 0: free
  };

  std::uint64_t home(std::uint64_t key) const {
    std::uint64_t h = (key ^ salt_) * 0x9ddfea08eb382d69ULL;
    h = (h ^ h >> 32) * 0x9ddfea08eb382d69ULL;
    return (h ^ h >> 29) & mask_;
  }

  std::uint64_t mask_;
  std::uint64_t salt_;
  std::uint32_t size_ = 0;
  net::LazyArray<Slot> slots_;
};

}  // namespace penstock::sfu
