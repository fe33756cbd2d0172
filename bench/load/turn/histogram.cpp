#include "bench/load/turn/histogram.h"

#include <algorithm>
#include <cmath>

namespace penstock::load {

std::uint64_t Histogram::percentile_ns(double fraction) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  const std::uint64_t wanted = std::clamp<std::uint64_t>(rank, 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) return top_of(bucket);
  }
  return top_of(kBuckets - 1);
}

}  // namespace penstock::load
