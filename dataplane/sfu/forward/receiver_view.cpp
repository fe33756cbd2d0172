#include "dataplane/sfu/forward/receiver_view.h"

#include <algorithm>
#include <limits>

namespace penstock::sfu {

void ReceiverView::on_report(const rtp::ReportBlock& block, rtp::NtpTime ntp_now, std::uint32_t clock_rate_hz) {
  ++reports;
  fraction_lost = block.fraction_lost;
  cumulative_lost = block.cumulative_lost;
  extended_highest = block.extended_highest;
  const std::uint64_t jitter = std::uint64_t{block.jitter} * 1'000'000 / std::max(clock_rate_hz, 1U);
  jitter_us = static_cast<std::uint32_t>(std::min<std::uint64_t>(jitter, std::numeric_limits<std::uint32_t>::max()));
  const auto trip = rtp::round_trip_us(block, ntp_now);
  if (!trip) return;
  const std::uint32_t sample = std::max(*trip, 1U);  // 0 is "unknown"
  // As TCP smooths its own (RFC 6298 section 2), one in eight.
  rtt_us = rtt_us == 0 ? sample : static_cast<std::uint32_t>((std::uint64_t{rtt_us} * 7 + sample + 4) / 8);
  least_rtt_us = least_rtt_us == 0 ? sample : std::min(least_rtt_us, sample);
}

}  // namespace penstock::sfu
