#include "dataplane/rtp/sender_report_clock.h"

namespace penstock::rtp {

NtpTime SenderReportClock::ntp_at(Timestamp timestamp, std::uint32_t clock_rate_hz) const {
  // 31 bits and a sign, in 32.32 fixed point: just fits.
  const std::int64_t steps = std::int64_t{timestamp.distance_from(rtp_)} << 32;
  return {ntp_.value + static_cast<std::uint64_t>(steps / clock_rate_hz)};
}

Timestamp SenderReportClock::timestamp_at(NtpTime ntp, std::uint32_t clock_rate_hz) const {
  // Whole seconds and fraction apart, for the product with the fraction to fit; rounded to the nearest step.
  const auto difference = static_cast<std::int64_t>(ntp.value - ntp_.value);
  const std::int64_t seconds = difference >> 32;
  const std::uint64_t fraction = static_cast<std::uint64_t>(difference) & 0xffff'ffff;
  const std::uint64_t steps = (fraction * clock_rate_hz + (std::uint64_t{1} << 31)) >> 32;
  return rtp_ + (seconds * clock_rate_hz + static_cast<std::int64_t>(steps));
}

std::optional<Timestamp> align(const SenderReportClock& from, Timestamp timestamp, std::uint32_t from_rate_hz,
                               const SenderReportClock& to, std::uint32_t to_rate_hz) {
  if (!from.known() || !to.known()) return std::nullopt;
  return to.timestamp_at(from.ntp_at(timestamp, from_rate_hz), to_rate_hz);
}

}  // namespace penstock::rtp
