#pragma once
// How many datagrams of an endpoint are looked at.

#include <algorithm>
#include <chrono>

namespace penstock::control::dtls {

/// Full at first; `rate_per_s` tokens come back per second, up to as many as it holds.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  TokenBucket(double rate_per_s, Time now) : rate_per_s_(rate_per_s), tokens_(rate_per_s), filled_(now) {}

  /// False when it is empty.
  bool take(Time now) {
    const std::chrono::duration<double> passed = now - filled_;
    tokens_ = std::min(rate_per_s_, tokens_ + passed.count() * rate_per_s_);
    filled_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double rate_per_s_;  ///< also its size
  double tokens_;
  Time filled_;
};

}  // namespace penstock::control::dtls
