#include "dataplane/stun/message.h"

#include <algorithm>

namespace penstock::stun {
namespace {

/// How far the integrity attributes let us look (RFC 8489 sections 14.5 to 14.7). MESSAGE-INTEGRITY-SHA256 needs no
/// zone of its own: after it, of the two that count after MESSAGE-INTEGRITY, the one would be a duplicate, and the
/// first counts.
enum class Zone : std::uint8_t { ordinary, after_integrity, after_fingerprint };

constexpr bool counts(std::uint16_t type, Zone zone) {
  return zone == Zone::ordinary || type == to_wire(AttributeType::message_integrity_sha256) ||
         type == to_wire(AttributeType::fingerprint);
}

constexpr Zone zone_after(std::uint16_t type, Zone zone) {
  switch (static_cast<AttributeType>(type)) {
    case AttributeType::message_integrity:
    case AttributeType::message_integrity_sha256:
      return Zone::after_integrity;
    case AttributeType::fingerprint:
      return Zone::after_fingerprint;
    default:
      return zone;
  }
}

}  // namespace

std::string_view to_string(ParseError error) {
  switch (error) {
    case ParseError::truncated_header:
      return "truncated_header";
    case ParseError::not_stun:
      return "not_stun";
    case ParseError::no_magic_cookie:
      return "no_magic_cookie";
    case ParseError::unaligned_length:
      return "unaligned_length";
    case ParseError::length_mismatch:
      return "length_mismatch";
    case ParseError::attribute_overrun:
      return "attribute_overrun";
    case ParseError::attribute_after_end:
      return "attribute_after_end";
  }
  return "";
}

tl::expected<MessageView, ParseError> MessageView::parse(Bytes datagram) {
  if (datagram.size() < kHeaderBytes) return tl::unexpected(ParseError::truncated_header);
  if ((datagram[0] & 0xc0) != 0) return tl::unexpected(ParseError::not_stun);
  if (load_be32(&datagram[4]) != kMagicCookie) return tl::unexpected(ParseError::no_magic_cookie);
  const std::size_t length = load_be16(&datagram[2]);
  if (length % 4 != 0) return tl::unexpected(ParseError::unaligned_length);
  if (length != datagram.size() - kHeaderBytes) return tl::unexpected(ParseError::length_mismatch);

  tl::expected<MessageView, ParseError> message{MessageView(datagram)};
  if (const auto error = message->index_attributes()) return tl::unexpected(*error);
  return message;
}

std::optional<ParseError> MessageView::index_attributes() {
  Zone zone = Zone::ordinary;
  // Message and attributes are multiples of 4 bytes, so whatever is left holds at least an attribute header.
  for (std::size_t offset = kHeaderBytes; offset < datagram_.size();) {
    if (zone == Zone::after_fingerprint) return ParseError::attribute_after_end;
    const std::uint16_t type = load_be16(&datagram_[offset]);
    const std::size_t next = offset + kAttributeHeaderBytes + padded(load_be16(&datagram_[offset + 2]));
    if (next > datagram_.size()) return ParseError::attribute_overrun;
    if (counts(type, zone)) {
      note(type, offset);
      zone = zone_after(type, zone);
    }
    offset = next;
    if (zone == Zone::ordinary) attributes_end_ = static_cast<std::uint32_t>(offset);
  }
  return std::nullopt;
}

void MessageView::note(std::uint16_t type, std::size_t offset) {
  const std::uint8_t slot = attribute_slot(type);
  if (slot != kNoSlot) {
    // Of several attributes of one type the first counts (RFC 8489 section 14).
    if (offset_words_[slot] == 0) offset_words_[slot] = static_cast<std::uint16_t>(offset / 4);
    return;
  }
  if (!comprehension_required(type) || unknown_count_ == kMostUnknownTypes) return;
  if (std::ranges::find(unknown_required(), type) != unknown_required().end()) return;
  unknown_[unknown_count_++] = type;
}

}  // namespace penstock::stun
