#include "dataplane/sfu/forward/retransmission_pacer.h"

#include <algorithm>

namespace penstock::sfu {

bool RetransmissionPacer::open(std::uint64_t now_ns) {
  constexpr std::uint64_t kNsPerS = 1'000'000'000;
  // From a full bucket nothing trickles over; time counts from then on.
  if (used_ == 0) trickled_ns_ = now_ns;
  const std::uint64_t elapsed_ns = std::min(now_ns - trickled_ns_, 60 * kNsPerS);
  const std::uint64_t gain = elapsed_ns * kTrickle_bytes_per_s / kNsPerS;
  if (gain != 0) {
    used_ -= static_cast<std::uint32_t>(std::min<std::uint64_t>(gain, used_));
    trickled_ns_ = now_ns;
  }
  return used_ < kCapacity_bytes;
}

}  // namespace penstock::sfu
