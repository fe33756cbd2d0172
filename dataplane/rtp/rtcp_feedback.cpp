#include "dataplane/rtp/rtcp_feedback.h"

#include <bit>

namespace penstock::rtp {
namespace {

/// Sender and media SSRC, in front of every feedback message (RFC 4585 section 6.1).
constexpr std::size_t kCommonBytes = 8;
constexpr std::uint32_t kRemb = 0x52454d42;  // "REMB"

Ssrc sender_of(const RtcpPacket& packet) {
  return Ssrc{load_be32(packet.body.data())};
}
Ssrc media_of(const RtcpPacket& packet) {
  return Ssrc{load_be32(packet.body.data() + 4)};
}

bool is_feedback(const RtcpPacket& packet, RtcpType type, std::uint8_t format, std::size_t least_bytes) {
  return packet.is(type, format) && packet.body.size() >= kCommonBytes + least_bytes;
}

std::uint64_t shift_saturating(std::uint64_t mantissa, unsigned exponent) {
  if (mantissa == 0) return 0;
  return static_cast<int>(exponent) > std::countl_zero(mantissa) ? UINT64_MAX : mantissa << exponent;
}

}  // namespace

std::optional<Nack> nack(const RtcpPacket& packet) {
  if (!is_feedback(packet, RtcpType::transport_layer_feedback, kFormatNack, NackItem::kBytes)) return std::nullopt;
  return Nack{sender_of(packet), media_of(packet), Records<NackItem>(packet.body.subspan(kCommonBytes))};
}

std::optional<PictureLoss> picture_loss(const RtcpPacket& packet) {
  if (!is_feedback(packet, RtcpType::payload_specific_feedback, kFormatPictureLoss, 0)) return std::nullopt;
  return PictureLoss{sender_of(packet), media_of(packet)};
}

std::optional<FullIntraRequest> full_intra_request(const RtcpPacket& packet) {
  if (!is_feedback(packet, RtcpType::payload_specific_feedback, kFormatFullIntraRequest, FullIntraItem::kBytes)) {
    return std::nullopt;
  }
  return FullIntraRequest{sender_of(packet), Records<FullIntraItem>(packet.body.subspan(kCommonBytes))};
}

std::optional<MaximumBitrate> maximum_bitrate(const RtcpPacket& packet) {
  constexpr std::size_t kFixedBytes = 8;  // "REMB", the number of SSRCs, exponent and mantissa
  if (!is_feedback(packet, RtcpType::payload_specific_feedback, kFormatApplication, kFixedBytes)) return std::nullopt;
  const Bytes message = packet.body.subspan(kCommonBytes);
  if (load_be32(message.data()) != kRemb) return std::nullopt;
  const std::size_t media_bytes = std::size_t{message[4]} * SsrcRecord::kBytes;
  if (message.size() - kFixedBytes < media_bytes) return std::nullopt;
  const std::uint32_t rate = load_be24(&message[5]);
  return MaximumBitrate{sender_of(packet), shift_saturating(rate & 0x3ffff, rate >> 18),
                        Records<SsrcRecord>(message.subspan(kFixedBytes, media_bytes))};
}

}  // namespace penstock::rtp
