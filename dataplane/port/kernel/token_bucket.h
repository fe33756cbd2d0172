#pragma once
// A rate with a burst, refilled by the time that passed.

#include <algorithm>
#include <cstdint>

namespace penstock::port {

/// Used by one thread.
class TokenBucket {
 public:
  TokenBucket(std::uint32_t rate_per_s, std::uint32_t burst)
      : ns_per_token_(1'000'000'000 / std::max(rate_per_s, 1U)), most_ns_(ns_per_token_ * burst) {}

  /// True, and one token less, when there is one. `now_ns` is monotonic.
  bool take(std::uint64_t now_ns) {
    // What is saved is time: the bucket is full at most_ns_ and a token costs ns_per_token_.
    const std::uint64_t start = std::max(spent_until_ns_, now_ns > most_ns_ ? now_ns - most_ns_ : 0);
    if (start + ns_per_token_ > now_ns) return false;
    spent_until_ns_ = start + ns_per_token_;
    return true;
  }

 private:
  std::uint64_t ns_per_token_;
  std::uint64_t most_ns_;
  std::uint64_t spent_until_ns_ = 0;
};

}  // namespace penstock::port
