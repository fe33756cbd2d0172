#include "turn/random.h"

#include <sys/random.h>

#include <cstdlib>
#include <utility>

namespace penstock::turn {
namespace {

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

}  // namespace

Random Random::repeatable(std::uint64_t seed) {
  Random random;
  random.state_ = seed;
  return random;
}

void Random::refill() {
  used_ = 0;
  if (state_) {
    for (std::uint64_t& number : block_) number = splitmix64(*state_);
    return;
  }
  // Up to 256 bytes cannot fail or come short once the kernel's pool is ready, and it is when a daemon runs.
  static_assert(sizeof block_ <= 256);
  if (getrandom(block_.data(), sizeof block_, 0) != sizeof block_) std::abort();
}

std::uint64_t Random::next() {
  if (used_ == block_.size()) refill();
  return std::exchange(block_[used_++], 0);
}

std::uint32_t Random::below(std::uint32_t bound) {
  // The product's upper half is even up to 2^-32 of bias, which no one can use.
  return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
}

}  // namespace penstock::turn
