#pragma once
// The viewers: what arrives at each of them, and what they tell the relay about it.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "bench/load/turn/histogram.h"
#include "bench/load/turn/ledger.h"
#include "dataplane/rtp/header.h"
#include "dataplane/rtp/rtcp.h"
#include "dataplane/rtp/rtcp_writer.h"
#include "dataplane/rtp/transport_feedback_recorder.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::frame_rooms {

/// Sums over all viewers, from the beginning.
struct AudienceCounters {
  std::uint64_t delivered = 0;      ///< media packets, each once
  std::uint64_t settled = 0;        ///< delivered, or overtaken by one that was
  std::uint64_t late = 0;           ///< delivered, and overtaken before
  std::uint64_t duplicated = 0;     ///< arrived again, or too late to tell
  std::uint64_t misdelivered = 0;   ///< with an SSRC that is another's
  std::uint64_t malformed = 0;      ///< no RTP
  std::uint64_t retransmitted = 0;  ///< by RTX: probes, as nobody asks for anything
  std::uint64_t verified = 0;       ///< decrypted, and what was published
  std::uint64_t damaged = 0;        ///< not authentic, or not what was published
  std::uint64_t rtcp = 0;           ///< authentic datagrams
  std::uint64_t feedback = 0;       ///< datagrams sent
};
AudienceCounters operator-(const AudienceCounters& after, const AudienceCounters& before);

/// Viewers are participants 1 to `viewers`.
class Audience {
 public:
  using Send = std::function<void(std::uint32_t viewer, std::span<const std::uint8_t> datagram)>;

  /// `cipher` outlives it and has the participants' keys under Crowd's numbers.
  Audience(srtp::Cipher& cipher, std::uint32_t viewers, std::size_t tag_bytes, std::size_t payload_bytes, Send send);

  void take_rtp(std::uint32_t viewer, std::span<std::uint8_t> datagram, std::uint64_t now_ns);
  void take_rtcp(std::uint32_t viewer, std::span<std::uint8_t> datagram, std::uint64_t now_ns);
  /// Sends transport-wide feedback, and a receiver report if `with_report`.
  void tell(std::uint32_t viewer, bool with_report, std::uint64_t now_ns);
  /// Fetches what take_rtp() needs.
  void prefetch(std::uint32_t viewer) const { __builtin_prefetch(&viewers_[viewer - 1], 1); }

  const AudienceCounters& counters() const { return counters_; }
  /// Viewers that have got something.
  std::uint32_t watching() const { return watching_; }
  /// Of the packets that were verified, from when they were written to when they were received; ns.
  load::Histogram& latency() { return latency_; }

 private:
  static constexpr std::uint64_t kVerifyOneOf = 64;

  struct alignas(64) Viewer {
    load::SequenceWindow window;  ///< of unwrapped sequence numbers, which are SRTP's packet indices, too
    std::uint64_t received = 0;
    std::uint64_t first = 0;
    std::uint64_t reported_expected = 0, reported_received = 0;
    std::uint64_t sender_report_ns = 0;
    rtp::ShortNtp sender_report;
  };

  void verify(std::uint32_t viewer, const rtp::Header& header, std::uint64_t index, std::span<std::uint8_t> datagram,
              std::uint64_t now_ns);
  rtp::ReportBlock report(std::uint32_t viewer, std::uint64_t now_ns);

  srtp::Cipher& cipher_;
  std::size_t tag_bytes_;
  std::size_t payload_bytes_;
  Send send_;
  std::vector<Viewer> viewers_;
  std::vector<rtp::TransportFeedbackRecorder> arrivals_;
  std::uint32_t watching_ = 0;
  AudienceCounters counters_;
  load::Histogram latency_;
};

}  // namespace penstock::frame_rooms
