#include "turn/random.h"

#include <sys/random.h>

#include <cstdlib>
#include <utility>

namespace penstock::turn {

std::uint64_t Random::next() {
  if (used_ == block_.size()) {
    // Up to 256 bytes cannot fail or come short once the kernel's pool is ready, and it is when a daemon runs.
    static_assert(sizeof block_ <= 256);
    if (getrandom(block_.data(), sizeof block_, 0) != sizeof block_) std::abort();
    used_ = 0;
  }
  return std::exchange(block_[used_++], 0);
}

std::uint32_t Random::below(std::uint32_t bound) {
  // The product's upper half is even up to 2^-32 of bias, which no one can use.
  return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
}

}  // namespace penstock::turn
