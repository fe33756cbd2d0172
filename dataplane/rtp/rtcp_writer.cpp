#include "dataplane/rtp/rtcp_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/rtp/header.h"

namespace penstock::rtp {
namespace {

constexpr std::size_t kMostCount = 31;  // of the 5-bit field
constexpr std::size_t kCommonBytes = 8;

std::uint8_t* put(std::uint8_t* at, Ssrc ssrc) {
  store_be32(at, to_wire(ssrc));
  return at + 4;
}

void put_blocks(std::uint8_t* at, std::span<const ReportBlock> blocks) {
  for (const ReportBlock& block : blocks) {
    put(at, block.source);
    at[4] = block.fraction_lost;
    store_be24(at + 5, static_cast<std::uint32_t>(block.cumulative_lost));
    store_be32(at + 8, block.extended_highest);
    store_be32(at + 12, block.jitter);
    store_be32(at + 16, block.last_sender_report.value);
    store_be32(at + 20, block.delay);
    at += ReportBlock::kBytes;
  }
}

/// Takes what fits one item off the front of `lost`.
NackItem take_item(std::span<const SequenceNumber>& lost) {
  NackItem item{lost.front(), 0};
  lost = lost.subspan(1);
  while (!lost.empty()) {
    const int distance = lost.front().distance_from(item.first);
    if (distance < 1 || distance > 16) break;
    item.following = static_cast<std::uint16_t>(item.following | 1u << (distance - 1));
    lost = lost.subspan(1);
  }
  return item;
}

}  // namespace

std::span<std::uint8_t> RtcpWriter::packet(RtcpType type, std::uint8_t format, std::size_t body_bytes) {
  if (body_bytes % 4 != 0 || body_bytes / 4 > UINT16_MAX || room() < kRtcpHeaderBytes + body_bytes) return {};
  std::uint8_t* at = out_.data() + size_;
  at[0] = static_cast<std::uint8_t>(kVersion << 6 | (format & 0x1f));
  at[1] = static_cast<std::uint8_t>(type);
  store_be16(at + 2, static_cast<std::uint16_t>(body_bytes / 4));
  std::memset(at + kRtcpHeaderBytes, 0, body_bytes);
  size_ += kRtcpHeaderBytes + body_bytes;
  return {at + kRtcpHeaderBytes, body_bytes};
}

bool RtcpWriter::sender_report(Ssrc sender, const SenderInfo& info, std::span<const ReportBlock> blocks) {
  constexpr std::size_t kFixedBytes = 24;
  if (blocks.size() > kMostReportBlocks) return false;
  const auto body = packet(RtcpType::sender_report, static_cast<std::uint8_t>(blocks.size()),
                           kFixedBytes + blocks.size() * ReportBlock::kBytes);
  if (body.empty()) return false;
  put(body.data(), sender);
  store_be64(&body[4], info.ntp.value);
  store_be32(&body[12], info.rtp.value);
  store_be32(&body[16], info.packets);
  store_be32(&body[20], info.octets);
  put_blocks(body.data() + kFixedBytes, blocks);
  return true;
}

bool RtcpWriter::receiver_report(Ssrc sender, std::span<const ReportBlock> blocks) {
  if (blocks.size() > kMostReportBlocks) return false;
  const auto body = packet(RtcpType::receiver_report, static_cast<std::uint8_t>(blocks.size()),
                           4 + blocks.size() * ReportBlock::kBytes);
  if (body.empty()) return false;
  put_blocks(put(body.data(), sender), blocks);
  return true;
}

bool RtcpWriter::cname(Ssrc source, std::string_view text) {
  constexpr std::uint8_t kCname = 1;
  if (text.size() > 255) return false;
  // SSRC, type, length, text, and at least one zero byte that ends the chunk.
  const auto body = packet(RtcpType::source_description, 1, padded(4 + 2 + text.size() + 1));
  if (body.empty()) return false;
  std::uint8_t* at = put(body.data(), source);
  at[0] = kCname;
  at[1] = static_cast<std::uint8_t>(text.size());
  std::ranges::copy(text, at + 2);
  return true;
}

bool RtcpWriter::goodbye(std::span<const Ssrc> sources) {
  if (sources.empty() || sources.size() > kMostCount) return false;
  const auto body = packet(RtcpType::bye, static_cast<std::uint8_t>(sources.size()), sources.size() * 4);
  if (body.empty()) return false;
  std::uint8_t* at = body.data();
  for (const Ssrc source : sources) at = put(at, source);
  return true;
}

std::size_t RtcpWriter::nack(Ssrc sender, Ssrc media, std::span<const SequenceNumber> lost) {
  constexpr std::size_t kFixedBytes = kRtcpHeaderBytes + kCommonBytes;
  const std::size_t most = room() < kFixedBytes ? 0 : (room() - kFixedBytes) / NackItem::kBytes;
  std::size_t items = 0;
  auto rest = lost;
  for (; items < most && !rest.empty(); ++items) take_item(rest);
  if (items == 0) return 0;
  const auto body = packet(RtcpType::transport_layer_feedback, kFormatNack, kCommonBytes + items * NackItem::kBytes);
  if (body.empty()) return 0;
  std::uint8_t* at = put(put(body.data(), sender), media);
  for (auto left = lost; items > 0; --items, at += NackItem::kBytes) {
    const NackItem item = take_item(left);
    store_be16(at, item.first.value);
    store_be16(at + 2, item.following);
  }
  return lost.size() - rest.size();
}

bool RtcpWriter::picture_loss(Ssrc sender, Ssrc media) {
  const auto body = packet(RtcpType::payload_specific_feedback, kFormatPictureLoss, kCommonBytes);
  if (body.empty()) return false;
  put(put(body.data(), sender), media);
  return true;
}

bool RtcpWriter::full_intra_request(Ssrc sender, std::span<const FullIntraItem> items) {
  if (items.empty()) return false;
  const auto body = packet(RtcpType::payload_specific_feedback, kFormatFullIntraRequest,
                           kCommonBytes + items.size() * FullIntraItem::kBytes);
  if (body.empty()) return false;
  put(body.data(), sender);  // the media SSRC of the header stays 0 (RFC 5104 section 4.3.1.2)
  std::uint8_t* at = body.data() + kCommonBytes;
  for (const FullIntraItem& item : items) {
    put(at, item.media)[0] = item.number;
    at += FullIntraItem::kBytes;
  }
  return true;
}

bool RtcpWriter::maximum_bitrate(Ssrc sender, std::uint64_t bitrate_bps, std::span<const Ssrc> media) {
  constexpr std::size_t kFixedBytes = 8;
  constexpr int kMantissaBits = 18;
  if (media.size() > 255) return false;
  const auto body =
      packet(RtcpType::payload_specific_feedback, kFormatApplication, kCommonBytes + kFixedBytes + media.size() * 4);
  if (body.empty()) return false;
  const int exponent = std::max(0, static_cast<int>(std::bit_width(bitrate_bps)) - kMantissaBits);
  put(body.data(), sender);
  std::uint8_t* at = body.data() + kCommonBytes;
  std::memcpy(at, "REMB", 4);
  at[4] = static_cast<std::uint8_t>(media.size());
  store_be24(at + 5, static_cast<std::uint32_t>(exponent) << kMantissaBits |
                         static_cast<std::uint32_t>(bitrate_bps >> exponent));
  at += kFixedBytes;
  for (const Ssrc ssrc : media) at = put(at, ssrc);
  return true;
}

}  // namespace penstock::rtp
