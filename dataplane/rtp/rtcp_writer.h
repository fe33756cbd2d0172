#pragma once
// Writing RTCP: packets are appended to the caller's buffer, each whole or not at all.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/rtp/rtcp_feedback.h"
#include "dataplane/rtp/rtcp_reports.h"

namespace penstock::rtp {

/// Appends packets to `out`, which must outlive it. Each call writes one whole packet and returns true, or writes
/// nothing and returns false because it does not fit (or a list is longer than its count field). The caller leaves room
/// for SRTCP's trailer behind `out`, and starts a compound with a report unless reduced-size RTCP is negotiated (RFC
/// 5506).
class RtcpWriter {
 public:
  explicit RtcpWriter(std::span<std::uint8_t> out) : out_(out) {}

  /// Bytes written so far: the datagram.
  std::size_t size() const { return size_; }
  std::size_t room() const { return out_.size() - size_; }
  bool empty() const { return size_ == 0; }

  static constexpr std::size_t kMostReportBlocks = 31;
  bool sender_report(Ssrc sender, const SenderInfo& info, std::span<const ReportBlock> blocks = {});
  bool receiver_report(Ssrc sender, std::span<const ReportBlock> blocks = {});
  /// An SDES packet of one chunk with CNAME alone. At most 255 bytes of text.
  bool cname(Ssrc source, std::string_view text);
  /// At most 31 sources.
  bool goodbye(std::span<const Ssrc> sources);

  /// `lost` ascends (with wrap-around), without repetitions. How many of them were written, from the first on: fewer
  /// than given if the room ends, 0 if there is none for even one.
  std::size_t nack(Ssrc sender, Ssrc media, std::span<const SequenceNumber> lost);
  bool picture_loss(Ssrc sender, Ssrc media);
  bool full_intra_request(Ssrc sender, std::span<const FullIntraItem> items);
  /// Rounded down to what 18 bits of mantissa hold. At most 255 sources.
  bool maximum_bitrate(Ssrc sender, std::uint64_t bitrate_bps, std::span<const Ssrc> media);

  /// For packets composed elsewhere: writes the header of a packet of `body_bytes` (a multiple of 4) and returns where
  /// its body goes, zeroed; an empty span if it does not fit.
  std::span<std::uint8_t> packet(RtcpType type, std::uint8_t format, std::size_t body_bytes);

 private:
  std::span<std::uint8_t> out_;
  std::size_t size_ = 0;
};

}  // namespace penstock::rtp
