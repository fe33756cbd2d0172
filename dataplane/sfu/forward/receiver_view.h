#pragma once
// What a subscription's receiver says of the stream in its report blocks (RFC 3550 section 6.4.1).

#include <cstdint>

#include "dataplane/rtp/ntp_time.h"
#include "dataplane/rtp/rtcp_reports.h"

namespace penstock::sfu {

/// Zero bytes: no report yet. What is in a report is the receiver's claim: good for statistics and pacing, no more.
struct ReceiverView {
  std::uint32_t rtt_us = 0;        ///< smoothed; 0: unknown
  std::uint32_t least_rtt_us = 0;  ///< 0: unknown
  std::uint32_t jitter_us = 0;
  std::uint32_t extended_highest = 0;  ///< cycles << 16 | sequence number
  std::uint32_t reports = 0;
  std::int32_t cumulative_lost = 0;  ///< negative if more came twice than was lost
  std::uint8_t fraction_lost = 0;    ///< 1/256, of the last interval

  /// `ntp_now`: when the report came, on the clock of our sender reports.
  void on_report(const rtp::ReportBlock& block, rtp::NtpTime ntp_now, std::uint32_t clock_rate_hz);

  std::uint64_t rtt_ns() const { return std::uint64_t{rtt_us} * 1000; }
};

}  // namespace penstock::sfu
