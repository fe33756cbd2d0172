#pragma once
// Numbers nobody can guess: relayed ports (RFC 8656 section 7.2, RFC 6056) and reservation tokens.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace penstock::turn {

/// The kernel's generator, read in blocks so that a request seldom costs a system call.
class Random {
 public:
  Random() = default;
  /// The same numbers for the same seed, so anybody can guess them: for tests and fuzz targets alone.
  static Random repeatable(std::uint64_t seed);

  std::uint64_t next();
  /// 0 ... bound - 1, evenly; `bound` is at least 1.
  std::uint32_t below(std::uint32_t bound);

 private:
  void refill();

  std::array<std::uint64_t, 32> block_{};
  std::size_t used_ = 32;
  std::optional<std::uint64_t> state_;  // of the repeatable sequence
};

}  // namespace penstock::turn
