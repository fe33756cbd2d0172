#pragma once
// Arrays sized at start. By default the kernel hands out their memory as it is first touched, so that a table for a
// million entries costs what its live entries cost.

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace penstock::net {

/// When the kernel is asked for memory. Arrays that fill from the front are touched a page at a time, once per dozens
/// of entries. Hash tables are not: every first insertion would fault, hundreds of them in one pass of a worker, so
/// they have all of their memory from the start, in huge pages where the kernel has them.
enum class Touched : bool { as_used, at_start };

/// `count` objects of all-zero bytes, which must be a valid T.
template <class T>
class LazyArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// Throws std::bad_alloc when the address space is used up; at start only.
  explicit LazyArray(std::size_t count, Touched touched = Touched::as_used) : count_(count == 0 ? 1 : count) {
    // A large array starts where a huge page may: a random access into megabytes of small pages costs a walk of the
    // page tables, which on a virtual machine is as dear as the access.
    const std::size_t slack = bytes() >= kHugePage ? kHugePage : 0;
    mapped_ = bytes() + slack;
    void* at = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    base_ = at;
    const auto start = reinterpret_cast<std::uintptr_t>(at);
    data_ = reinterpret_cast<T*>(slack == 0 ? start : (start + kHugePage - 1) & ~(kHugePage - 1));
    // The first two megabytes of what fills from the front stay small pages: a relay with little to do stays small.
    const std::size_t small = touched == Touched::as_used ? kHugePage : 0;
    if (bytes() > small + kHugePage) {
      madvise(reinterpret_cast<std::byte*>(data_) + small, bytes() - small, MADV_HUGEPAGE);  // a wish, no more
    }
    if (touched == Touched::at_start) touch_all();
  }
  ~LazyArray() {
    if (base_ != nullptr) munmap(base_, mapped_);
  }
  LazyArray(const LazyArray&) = delete;
  LazyArray& operator=(const LazyArray&) = delete;
  LazyArray(LazyArray&& from) noexcept
      : count_(from.count_), mapped_(from.mapped_), base_(std::exchange(from.base_, nullptr)), data_(from.data_) {}

  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::size_t size() const { return count_; }

 private:
  std::size_t bytes() const { return count_ * sizeof(T); }
  void touch_all() {
    constexpr std::size_t kPage = 4096;
    auto* at = reinterpret_cast<volatile std::byte*>(data_);
    for (std::size_t i = 0; i < bytes(); i += kPage) at[i] = std::byte{0};
  }

  static constexpr std::uintptr_t kHugePage = std::uintptr_t{1} << 21;

  std::size_t count_;
  std::size_t mapped_ = 0;
  void* base_ = nullptr;
  T* data_ = nullptr;
};

}  // namespace penstock::net
