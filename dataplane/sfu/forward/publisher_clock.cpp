#include "dataplane/sfu/forward/publisher_clock.h"

namespace penstock::sfu {
namespace {

// Difference in 32.32 fixed point seconds. Any two instants of a monotonic clock are closer than 2^31 s.
std::uint64_t fixed_point(std::uint64_t from_ns, std::uint64_t to_ns) {
  const bool backwards = to_ns < from_ns;
  const std::uint64_t ns = backwards ? from_ns - to_ns : to_ns - from_ns;
  const std::uint64_t fraction = ((ns % rtp::kNanosecondsPerSecond) << 32) / rtp::kNanosecondsPerSecond;
  const std::uint64_t difference = (ns / rtp::kNanosecondsPerSecond) << 32 | fraction;
  return backwards ? 0 - difference : difference;
}

// How much longer the second report took to come than the first.
std::int64_t later_by(rtp::NtpTime first, std::uint64_t first_arrival_ns, rtp::NtpTime second,
                      std::uint64_t second_arrival_ns) {
  return static_cast<std::int64_t>(second_arrival_ns - first_arrival_ns) - rtp::ns_between(first, second);
}

}  // namespace

void PublisherClock::on_sender_report(rtp::NtpTime ntp, std::uint64_t arrival_ns) {
  const std::int64_t later = known_ ? later_by(ntp_, arrival_ns_, ntp, arrival_ns) : 0;
  if (!known_ || later <= 0 || later > kStep_ns) {
    ntp_ = ntp;
    arrival_ns_ = arrival_ns;
    known_ = true;
    has_next_ = false;
    return;
  }
  const std::uint64_t age_ns = arrival_ns - arrival_ns_;
  if (age_ns < kMemory_ns / 2) return;
  if (!has_next_ || later_by(next_ntp_, next_arrival_ns_, ntp, arrival_ns) <= 0) {
    next_ntp_ = ntp;
    next_arrival_ns_ = arrival_ns;
    has_next_ = true;
  }
  if (age_ns < kMemory_ns) return;
  ntp_ = next_ntp_;
  arrival_ns_ = next_arrival_ns_;
  has_next_ = false;
}

rtp::NtpTime PublisherClock::ntp_at(std::uint64_t monotonic_ns) const {
  return {ntp_.value + fixed_point(arrival_ns_, monotonic_ns)};
}

}  // namespace penstock::sfu
