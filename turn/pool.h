#pragma once
// A fixed number of objects, taken and given back by index.

#include <cstdint>

#include "dataplane/net/lazy_array.h"

namespace penstock::turn {

inline constexpr std::uint32_t kNone = UINT32_MAX;

/// T has a member `std::uint32_t next`, which is the pool's while the object is free and the owner's while it is taken.
/// What was given back last is taken first, so memory stays as small as the largest number ever taken at once.
template <class T>
class Pool {
 public:
  explicit Pool(std::uint32_t capacity) : capacity_(capacity), objects_(capacity) {}

  /// The index of an object as its last owner left it (all zero at first), or kNone when all are taken.
  std::uint32_t take() {
    std::uint32_t index = free_;
    if (index != kNone) {
      free_ = objects_[index].next;
    } else if (unused_ < capacity_) {
      index = unused_++;
    } else {
      return kNone;
    }
    ++size_;
    return index;
  }
  void give(std::uint32_t index) {
    objects_[index].next = free_;
    free_ = index;
    --size_;
  }

  T& operator[](std::uint32_t index) { return objects_[index]; }
  const T& operator[](std::uint32_t index) const { return objects_[index]; }
  std::uint32_t size() const { return size_; }
  std::uint32_t capacity() const { return capacity_; }
  bool full() const { return size_ == capacity_; }
  /// One past the largest index ever taken: where a walk over all objects may stop.
  std::uint32_t ever_taken() const { return unused_; }

 private:
  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::uint32_t unused_ = 0;
  std::uint32_t free_ = kNone;
  net::LazyArray<T> objects_;
};

}  // namespace penstock::turn
