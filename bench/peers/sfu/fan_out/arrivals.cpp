#include "bench/peers/sfu/fan_out/arrivals.h"

#include <algorithm>
#include <numeric>

namespace penstock::peers {

void Arrivals::begin(std::uint64_t from_ns) {
  std::fill(received_.begin(), received_.end(), 0);
  from_ns_ = from_ns;
  to_ns_ = UINT64_MAX;
  overtaken_ = 0;
  latency_.clear();
}

void Arrivals::note(unsigned receiver, std::uint64_t sent_ns, std::uint64_t received_ns) {
  ++packets_;
  if (sent_ns < from_ns_ || sent_ns > to_ns_) return;
  ++received_[receiver];
  if (sent_ns < last_sent_ns_[receiver]) ++overtaken_;
  last_sent_ns_[receiver] = sent_ns;
  latency_.record(received_ns - sent_ns);
}

std::uint64_t Arrivals::counted() const {
  return std::accumulate(received_.begin(), received_.end(), std::uint64_t{0});
}

std::uint64_t Arrivals::fewest() const {
  return received_.empty() ? 0 : *std::min_element(received_.begin(), received_.end());
}

}  // namespace penstock::peers
