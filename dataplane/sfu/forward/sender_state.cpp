#include "dataplane/sfu/forward/sender_state.h"

#include "dataplane/sfu/forward/timestamp_units.h"

namespace penstock::sfu {

std::uint32_t timestamp_at(const Forwarder& forwarder, const Source& source, const PublisherClock& clock,
                           std::uint64_t now_ns) {
  const TimestampMap& timestamps = forwarder.timestamps();
  const std::uint32_t by_arrival = timestamps.by_arrival(now_ns, source.clock_rate_hz);
  const std::uint8_t encoding = forwarder.mapped();
  if (encoding == LayerSelector::kNone || !clock.known()) return by_arrival;
  const rtp::SenderReportClock* reports = source.encodings[encoding].clock;
  if (reports == nullptr || !reports->known()) return by_arrival;
  const std::uint32_t by_reports =
      timestamps.map(reports->timestamp_at(clock.ntp_at(now_ns), source.clock_rate_hz).value);
  const bool believed = within(by_reports, by_arrival, TimestampMap::kMostSkew_ns, source.clock_rate_hz);
  return believed ? by_reports : by_arrival;
}

rtp::SenderInfo sender_info(const Forwarder& forwarder, const Source& source, const PublisherClock& clock,
                            const SentCounts& counts, rtp::NtpTime ntp_now, std::uint64_t now_ns) {
  return {.ntp = ntp_now,
          .rtp = {timestamp_at(forwarder, source, clock, now_ns)},
          .packets = counts.packets,
          .octets = counts.octets};
}

}  // namespace penstock::sfu
