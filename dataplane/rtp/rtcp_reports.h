#pragma once
// Sender and receiver reports, source descriptions and goodbyes (RFC 3550 sections 6.4 to 6.6), read. rtcp_writer.h
// writes them. Every reader returns nothing for another type and for a packet too short for what its count field
// promises.

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/rtp/ntp_time.h"
#include "dataplane/rtp/rtcp.h"
#include "dataplane/rtp/ssrc.h"
#include "dataplane/rtp/wrapping.h"

namespace penstock::rtp {

/// RFC 3550 section 6.4.1.
struct ReportBlock {
  Ssrc source{};                       ///< whose stream is reported on
  std::uint8_t fraction_lost = 0;      ///< 1/256, since the last report
  std::int32_t cumulative_lost = 0;    ///< 24 bits signed: duplicates can make it negative
  std::uint32_t extended_highest = 0;  ///< cycles << 16 | sequence number
  std::uint32_t jitter = 0;            ///< timestamp units
  ShortNtp last_sender_report{};       ///< zero: none seen
  std::uint32_t delay = 0;             ///< since then, 1/65536 s

  static constexpr std::size_t kBytes = 24;
  static ReportBlock read(const std::uint8_t* at);
  friend bool operator==(const ReportBlock&, const ReportBlock&) = default;
};

/// RFC 3550 section 6.4.1: now - LSR - DLSR, in microseconds. Nothing if the receiver has seen no sender report, or if
/// the figures contradict each other (a negative round trip, or one beyond a minute). `now`: NTP time of arrival on the
/// clock our reports use.
std::optional<std::uint32_t> round_trip_us(const ReportBlock& block, NtpTime now);

/// The sender's half of a sender report: what `ntp` was when it would have sampled `rtp`.
struct SenderInfo {
  NtpTime ntp;
  Timestamp rtp;
  std::uint32_t packets = 0;  ///< wraps
  std::uint32_t octets = 0;   ///< payload bytes, wraps
  friend bool operator==(const SenderInfo&, const SenderInfo&) = default;
};

struct SenderReport {
  Ssrc sender{};
  SenderInfo info;
  Records<ReportBlock> blocks;
};
std::optional<SenderReport> sender_report(const RtcpPacket& packet);

struct ReceiverReport {
  Ssrc sender{};
  Records<ReportBlock> blocks;
};
std::optional<ReceiverReport> receiver_report(const RtcpPacket& packet);

/// One chunk of a source description; of its items only CNAME is kept (empty: none). Any bytes, up to 255 of them.
struct Description {
  Ssrc source{};
  std::string_view cname;
};

/// Walks the chunks of an SDES packet: `while (auto description = chunks.next())`. Ends at the first malformed chunk.
class Descriptions {
 public:
  /// Empty for another type.
  explicit Descriptions(const RtcpPacket& packet);
  std::optional<Description> next();

 private:
  Bytes left_;
  std::uint8_t chunks_ = 0;
};

/// The sources that leave; their reason is not kept.
std::optional<Records<SsrcRecord>> goodbye(const RtcpPacket& packet);

}  // namespace penstock::rtp
