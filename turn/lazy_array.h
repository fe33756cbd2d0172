#pragma once
// Arrays sized at start whose memory the kernel hands out as it is first touched, so that a table for a million entries
// costs what its live entries cost.

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace penstock::turn {

/// `count` objects of all-zero bytes, which must be a valid T.
template <class T>
class LazyArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// Throws std::bad_alloc when the address space is used up; at start only.
  explicit LazyArray(std::size_t count) : count_(count == 0 ? 1 : count) {
    void* at =
        mmap(nullptr, count_ * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<T*>(at);
  }
  ~LazyArray() {
    if (data_ != nullptr) munmap(data_, count_ * sizeof(T));
  }
  LazyArray(const LazyArray&) = delete;
  LazyArray& operator=(const LazyArray&) = delete;
  LazyArray(LazyArray&& from) noexcept : count_(from.count_), data_(std::exchange(from.data_, nullptr)) {}

  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::size_t size() const { return count_; }

 private:
  std::size_t count_;
  T* data_ = nullptr;
};

}  // namespace penstock::turn
