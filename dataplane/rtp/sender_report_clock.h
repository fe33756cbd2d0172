#pragma once
// RTP timestamps on the source's wall clock, from its sender reports (RFC 3550 section 6.4.1): what makes the
// timestamps of two simulcast encodings, or of sound and picture, comparable.

#include <cstdint>
#include <optional>

#include "dataplane/rtp/ntp_time.h"
#include "dataplane/rtp/rtcp_reports.h"
#include "dataplane/rtp/wrapping.h"

namespace penstock::rtp {

/// One per received SSRC: the last sender report. Zero bytes are the initial state: none yet.
class SenderReportClock {
 public:
  void on_sender_report(const SenderInfo& info) {
    ntp_ = info.ntp;
    rtp_ = info.rtp;
    known_ = true;
  }
  bool known() const { return known_; }

  /// The source's wall clock at `timestamp`, within half a wrap (6 hours at 90 kHz) of the last report. Only if
  /// known().
  NtpTime ntp_at(Timestamp timestamp, std::uint32_t clock_rate_hz) const;
  /// The other way round. Only if known().
  Timestamp timestamp_at(NtpTime ntp, std::uint32_t clock_rate_hz) const;

 private:
  NtpTime ntp_;
  Timestamp rtp_;
  bool known_ = false;
};

/// The timestamp of stream `to` at the instant of `timestamp` in stream `from`; both of one source, so that their
/// reports are of one clock. Nothing before both have reported: the caller falls back on arrival times.
std::optional<Timestamp> align(const SenderReportClock& from, Timestamp timestamp, std::uint32_t from_rate_hz,
                               const SenderReportClock& to, std::uint32_t to_rate_hz);

}  // namespace penstock::rtp
