#pragma once
// ICMP errors on their way from a port to its worker.

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "dataplane/port/port.h"

namespace penstock::port {

/// A bounded queue of ICMP errors; the newest are lost when nobody takes them.
class IcmpErrorQueue {
 public:
  void push(const IcmpError& e) {
    if (size_ == errors_.size()) return;
    errors_[(first_ + size_++) % errors_.size()] = e;
  }
  std::size_t take(std::span<IcmpError> out) {
    const std::size_t n = std::min(out.size(), size_);
    for (std::size_t i = 0; i < n; ++i) out[i] = errors_[(first_ + i) % errors_.size()];
    first_ = (first_ + n) % errors_.size();
    size_ -= n;
    return n;
  }
  bool empty() const { return size_ == 0; }

 private:
  std::array<IcmpError, 256> errors_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace penstock::port
