#include "dataplane/rtp/header.h"

namespace penstock::rtp {

std::string_view to_string(HeaderError error) {
  switch (error) {
    case HeaderError::truncated:
      return "truncated";
    case HeaderError::wrong_version:
      return "wrong_version";
    case HeaderError::extension_overrun:
      return "extension_overrun";
    case HeaderError::oversized:
      return "oversized";
  }
  return "unknown";
}

namespace {

constexpr std::size_t kExtensionHeaderBytes = 4;
constexpr std::size_t kMostPacketBytes = 65535;

/// RFC 3550 section 5.3.1. `header.header_bytes` points at it, and behind it afterwards. False if it reaches past the
/// end.
bool read_extension(Header& header, Bytes packet) {
  const std::size_t at = header.header_bytes;
  if (packet.size() - at < kExtensionHeaderBytes) return false;
  const std::size_t bytes = std::size_t{load_be16(&packet[at + 2])} * 4;
  if (packet.size() - at - kExtensionHeaderBytes < bytes) return false;
  header.extension_profile = load_be16(&packet[at]);
  header.extension_offset = static_cast<std::uint16_t>(at + kExtensionHeaderBytes);
  header.extension_bytes = static_cast<std::uint16_t>(bytes);
  header.header_bytes = static_cast<std::uint16_t>(at + kExtensionHeaderBytes + bytes);
  return true;
}

}  // namespace

tl::expected<Header, HeaderError> parse_header(Bytes packet) {
  if (packet.size() < kFixedHeaderBytes) return tl::unexpected(HeaderError::truncated);
  if (packet.size() > kMostPacketBytes) return tl::unexpected(HeaderError::oversized);
  if (packet[0] >> 6 != kVersion) return tl::unexpected(HeaderError::wrong_version);

  Header header;
  header.padding = (packet[0] & 0x20) != 0;
  header.extension = (packet[0] & 0x10) != 0;
  header.csrc_count = packet[0] & 0x0f;
  header.marker = (packet[1] & 0x80) != 0;
  header.payload_type = packet[1] & 0x7f;
  header.sequence = {load_be16(&packet[2])};
  header.timestamp = {load_be32(&packet[4])};
  header.ssrc = Ssrc{load_be32(&packet[8])};
  header.header_bytes = static_cast<std::uint16_t>(kFixedHeaderBytes + header.csrc_count * 4u);
  if (packet.size() < header.header_bytes) return tl::unexpected(HeaderError::truncated);
  if (header.extension && !read_extension(header, packet)) return tl::unexpected(HeaderError::extension_overrun);
  return header;
}

std::optional<Bytes> payload_of(const Header& header, Bytes packet) {
  if (packet.size() < header.header_bytes) return std::nullopt;
  const Bytes payload = packet.subspan(header.header_bytes);
  if (!header.padding) return payload;
  if (payload.empty()) return std::nullopt;
  const std::size_t padding = payload.back();
  if (padding == 0 || padding > payload.size()) return std::nullopt;
  return payload.first(payload.size() - padding);
}

void write_fixed_header(std::span<std::uint8_t, kFixedHeaderBytes> out, const FixedHeader& header) {
  out[0] = kVersion << 6;
  out[1] = static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f));
  store_be16(&out[2], header.sequence.value);
  store_be32(&out[4], header.timestamp.value);
  store_be32(&out[8], to_wire(header.ssrc));
}

}  // namespace penstock::rtp
