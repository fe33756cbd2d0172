#pragma once
// A log-linear histogram of durations: constant memory, constant time, bounded relative error.

#include <array>
#include <bit>
#include <cstdint>

namespace penstock::load {

/// Counts values up to 2^40 ns (18 minutes) in buckets no wider than 1/64 of what they hold: below 64 ns one bucket per
/// nanosecond, above it 64 buckets per power of two. Larger values count as the largest.
class Histogram {
 public:
  void record(std::uint64_t value_ns) {
    ++buckets_[bucket_of(value_ns)];
    ++count_;
  }
  void clear() { *this = {}; }

  std::uint64_t count() const { return count_; }
  /// The smallest recorded value that at least `fraction` (0 to 1) of all values do not exceed, at most 1.6 % too
  /// large; 0 if there is none.
  std::uint64_t percentile_ns(double fraction) const;
  std::uint64_t max_ns() const { return percentile_ns(1.0); }

 private:
  static constexpr unsigned kLinearBits = 6;
  static constexpr unsigned kLargestBits = 40;
  static constexpr std::size_t kBuckets = std::size_t{kLargestBits - kLinearBits + 1} << kLinearBits;

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value >> kLargestBits != 0) return kBuckets - 1;
    const unsigned bits = static_cast<unsigned>(std::bit_width(value));
    if (bits <= kLinearBits) return value;
    const unsigned shift = bits - kLinearBits - 1;
    return (std::size_t{shift} << kLinearBits) + (value >> shift);
  }
  /// The largest value that falls into the bucket.
  static constexpr std::uint64_t top_of(std::size_t bucket) {
    if (bucket < (2u << kLinearBits)) return bucket;
    const unsigned shift = static_cast<unsigned>(bucket >> kLinearBits) - 1;
    const std::uint64_t mantissa = bucket - (std::size_t{shift} << kLinearBits);
    return ((mantissa + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace penstock::load
