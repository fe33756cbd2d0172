#pragma once
// What forwarding needs to know of a track: a view that the caller makes once per packet (or burst) of the track, for
// all of its subscriptions.

#include <array>
#include <cstdint>

#include "dataplane/rtp/sender_report_clock.h"
#include "dataplane/sfu/parameters.h"
#include "dataplane/sfu/stored_packet.h"

namespace penstock::sfu {

struct SourceEncoding {
  const EncodingRing* ring = nullptr;
  const rtp::SenderReportClock* clock = nullptr;
};

/// Points into the track; valid as long as it.
struct Source {
  std::uint32_t clock_rate_hz = 90'000;
  std::uint8_t encoding_count = 1;
  std::uint8_t active = 0;  ///< bit per encoding: packets come. The one of a packet that is offered is set
  std::array<SourceEncoding, kMostEncodings> encodings{};
};

}  // namespace penstock::sfu
