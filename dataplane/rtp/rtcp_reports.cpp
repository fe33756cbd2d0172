#include "dataplane/rtp/rtcp_reports.h"

#include <algorithm>

namespace penstock::rtp {
namespace {

constexpr std::size_t kSsrcBytes = 4;
constexpr std::size_t kSenderInfoBytes = 20;
constexpr std::uint8_t kCname = 1;  // RFC 3550 section 6.5.1

/// 24 bits, two's complement.
constexpr std::int32_t load_signed_be24(const std::uint8_t* p) {
  return static_cast<std::int32_t>(load_be24(p) << 8) >> 8;
}

/// The blocks behind `offset` bytes of the body; nothing if they are not all there. Profile-specific extensions behind
/// them (RFC 3550 section 6.4.3) are left out.
std::optional<Records<ReportBlock>> blocks_of(const RtcpPacket& packet, std::size_t offset) {
  const std::size_t bytes = packet.format * ReportBlock::kBytes;
  if (packet.body.size() < offset + bytes) return std::nullopt;
  return Records<ReportBlock>(packet.body.subspan(offset, bytes));
}

}  // namespace

ReportBlock ReportBlock::read(const std::uint8_t* at) {
  return {
      .source = Ssrc{load_be32(at)},
      .fraction_lost = at[4],
      .cumulative_lost = load_signed_be24(at + 5),
      .extended_highest = load_be32(at + 8),
      .jitter = load_be32(at + 12),
      .last_sender_report = {load_be32(at + 16)},
      .delay = load_be32(at + 20),
  };
}

std::optional<std::uint32_t> round_trip_us(const ReportBlock& block, NtpTime now) {
  constexpr std::uint32_t kRounding = 66;  // 1 ms: both figures were rounded, and clocks drift
  constexpr std::uint32_t kMinute = 60 << 16;
  if (block.last_sender_report.value == 0) return std::nullopt;
  const std::uint32_t trip = now.short_form().value - block.last_sender_report.value - block.delay;
  if (0 - trip <= kRounding) return 0;
  if (trip > kMinute) return std::nullopt;
  return static_cast<std::uint32_t>((std::uint64_t{trip} * 1'000'000) >> 16);
}

std::optional<SenderReport> sender_report(const RtcpPacket& packet) {
  if (!packet.is(RtcpType::sender_report)) return std::nullopt;
  const auto blocks = blocks_of(packet, kSsrcBytes + kSenderInfoBytes);
  if (!blocks) return std::nullopt;
  const std::uint8_t* at = packet.body.data();
  return SenderReport{Ssrc{load_be32(at)},
                      {{load_be64(at + 4)}, {load_be32(at + 12)}, load_be32(at + 16), load_be32(at + 20)},
                      *blocks};
}

std::optional<ReceiverReport> receiver_report(const RtcpPacket& packet) {
  if (!packet.is(RtcpType::receiver_report)) return std::nullopt;
  const auto blocks = blocks_of(packet, kSsrcBytes);
  if (!blocks) return std::nullopt;
  return ReceiverReport{Ssrc{load_be32(packet.body.data())}, *blocks};
}

Descriptions::Descriptions(const RtcpPacket& packet) {
  if (!packet.is(RtcpType::source_description)) return;
  left_ = packet.body;
  chunks_ = packet.format;
}

std::optional<Description> Descriptions::next() {
  if (chunks_ == 0 || left_.size() < kSsrcBytes) return std::nullopt;
  --chunks_;
  Description description{Ssrc{load_be32(left_.data())}, {}};
  std::size_t at = kSsrcBytes;
  // Items of type, length, text; a type of 0 ends the chunk, which is padded to a whole word (RFC 3550 section 6.5).
  while (at < left_.size() && left_[at] != 0) {
    if (left_.size() - at < 2 || left_[at + 1] > left_.size() - at - 2) break;
    const Bytes text = left_.subspan(at + 2, left_[at + 1]);
    if (left_[at] == kCname && description.cname.empty()) description.cname = text_of(text);
    at += 2 + text.size();
  }
  if (at >= left_.size() || left_[at] != 0) {
    chunks_ = 0;
    return std::nullopt;
  }
  left_ = left_.subspan(std::min(padded(at + 1), left_.size()));
  return description;
}

std::optional<Records<SsrcRecord>> goodbye(const RtcpPacket& packet) {
  const std::size_t bytes = packet.format * kSsrcBytes;
  if (!packet.is(RtcpType::bye) || packet.body.size() < bytes) return std::nullopt;
  return Records<SsrcRecord>(packet.body.first(bytes));
}

}  // namespace penstock::rtp
