#pragma once
// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1): which packets of a
// transport arrived, and when. Read here; TransportFeedbackRecorder writes it, SendHistory uses it.

#include <cstdint>
#include <optional>

#include "dataplane/rtp/rtcp.h"
#include "dataplane/rtp/ssrc.h"
#include "dataplane/rtp/wrapping.h"

namespace penstock::rtp {

inline constexpr std::int64_t kFeedbackTick_us = 250;  ///< of receive deltas
inline constexpr std::int64_t kFeedbackReferenceTick_us = 64'000;

/// Transport-wide sequence numbers count packets of all streams of a transport, so they are none of a stream's.
using TransportSequence = Wrapping<std::uint16_t, struct TransportSequenceTag>;

/// One packet that arrived.
struct Arrival {
  TransportSequence sequence;
  /// On the receiver's clock, of which only differences mean anything; wraps with `reference_time` every 12.4 days.
  std::int64_t arrival_us = 0;
};

/// One whole feedback packet, checked when it was parsed; points into the datagram. It speaks of `status_count` packets
/// from `base` on: those its Arrivals do not name did not arrive.
struct TransportFeedback {
  Ssrc sender{};
  Ssrc media{};
  TransportSequence base;
  std::uint16_t status_count = 0;   ///< at least 1
  std::int32_t reference_time = 0;  ///< 64 ms, 24 bits signed
  std::uint8_t feedback_count = 0;  ///< wraps; a gap is a lost feedback packet
  Bytes chunks;                     ///< from the first chunk to the end: chunks, deltas, padding
  std::uint32_t delta_offset = 0;   ///< in `chunks`

  class Arrivals;
  /// Walks the packets that arrived, ascending by sequence: `auto arrivals = feedback.arrivals(); while (auto a =
  /// arrivals.next()) ...`. Runs of lost packets cost nothing, so the walk is bounded by the bytes of the packet, not
  /// by what it claims.
  Arrivals arrivals() const;
};

/// Nothing for another type, no statuses, chunks that end before `status_count`, deltas that reach past the end, and
/// the reserved status symbol.
std::optional<TransportFeedback> transport_feedback(const RtcpPacket& packet);

class TransportFeedback::Arrivals {
 public:
  explicit Arrivals(const TransportFeedback& feedback);
  std::optional<Arrival> next();

 private:
  bool take_chunk();
  unsigned take_symbol();

  const std::uint8_t* chunk_;
  const std::uint8_t* delta_;
  TransportSequence sequence_;    ///< of the next status
  std::uint16_t statuses_left_;   ///< not yet taken from chunks
  std::uint16_t in_chunk_ = 0;    ///< statuses left in the current chunk
  std::uint16_t symbols_ = 0;     ///< their 2-bit symbols for a vector chunk, next one on top
  std::uint8_t symbol_bits_ = 0;  ///< 0: run length, `symbols_` is the one symbol
  std::int64_t time_us_;
};

}  // namespace penstock::rtp
