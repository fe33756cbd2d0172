#pragma once
// The longest pass of late: of the last whole window and the one that runs, so that what was long ago does not hide
// what is.

#include <algorithm>
#include <cstdint>

#include "dataplane/engine/clock.h"

namespace penstock::engine {

class LongestPass {
 public:
  static constexpr std::uint64_t kWindowNs = 5 * kNsPerS;

  /// Returns the longest of the last one to two windows, this one included.
  std::uint64_t add(std::uint64_t cycles, std::uint64_t now_ns) {
    if (now_ns - begin_ns_ >= kWindowNs) {
      last_ = now_ns - begin_ns_ < 2 * kWindowNs ? current_ : 0;
      current_ = 0;
      begin_ns_ = now_ns;
    }
    current_ = std::max(current_, cycles);
    return std::max(current_, last_);
  }

 private:
  std::uint64_t begin_ns_ = 0;
  std::uint64_t current_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace penstock::engine
