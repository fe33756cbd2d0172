#pragma once
// Live counters: one writer (the worker that owns them), any number of readers (metrics), no lock and no bus traffic.

#include <atomic>
#include <cstdint>

namespace penstock::net {

/// A 64-bit count or gauge written by one thread. Readers see a recent value.
class Counter {
 public:
  void add(std::uint64_t n = 1) { set(get() + n); }
  void sub(std::uint64_t n = 1) { set(get() - n); }
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace penstock::net
