#pragma once
// What goes into our sender reports for one subscription (RFC 3550 section 6.4.1).

#include <cstddef>
#include <cstdint>

#include "dataplane/rtp/rtcp_reports.h"
#include "dataplane/sfu/forward/forwarder.h"
#include "dataplane/sfu/forward/publisher_clock.h"
#include "dataplane/sfu/forward/source.h"

namespace penstock::sfu {

/// Zero bytes: nothing sent.
struct SentCounts {
  std::uint32_t packets = 0;  ///< wraps, as in the report
  std::uint32_t octets = 0;   ///< payload, without headers and padding; wraps

  void add(std::uint32_t more_packets, std::size_t payload_bytes) {
    packets += more_packets;
    octets += static_cast<std::uint32_t>(payload_bytes);
  }
};

/// The RTP timestamp, on the receiver's time line, of what the publisher captures (as far as we can tell) at our
/// monotonic `now_ns`: from the source's sender reports; before those came, from the last packet and the time since.
/// Only after something was forwarded (forwarder.timestamps().entered()). With source.active == 0 it still
/// extrapolates.
std::uint32_t timestamp_at(const Forwarder& forwarder, const Source& source, const PublisherClock& clock,
                           std::uint64_t now_ns);

/// `ntp_now`: our wall clock at `now_ns`.
rtp::SenderInfo sender_info(const Forwarder& forwarder, const Source& source, const PublisherClock& clock,
                            const SentCounts& counts, rtp::NtpTime ntp_now, std::uint64_t now_ns);

}  // namespace penstock::sfu
