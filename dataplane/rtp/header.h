#pragma once
// The RTP header (RFC 3550 section 5.1), read and written, and what tells RTCP from RTP on one port (RFC 5761).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>

#include "dataplane/rtp/bytes.h"
#include "dataplane/rtp/ssrc.h"
#include "dataplane/rtp/wrapping.h"

namespace penstock::rtp {

inline constexpr std::size_t kFixedHeaderBytes = 12;
inline constexpr std::uint8_t kVersion = 2;

/// RFC 5761 section 4: with the marker bit taken off, 64 to 95 are RTCP packet types (192 to 223), and no RTP payload
/// type may be one of them. False for what is too short to be either.
constexpr bool is_rtcp(Bytes datagram) {
  return datagram.size() >= 2 && (datagram[1] & 0x7f) >= 64 && (datagram[1] & 0x7f) <= 95;
}

enum class HeaderError : std::uint8_t {
  truncated,          ///< shorter than the fixed header and its CSRCs
  wrong_version,      ///< not RTP
  extension_overrun,  ///< the extension reaches past the end
  oversized,          ///< longer than a UDP payload can be
};
/// snake_case, for counters and tests.
std::string_view to_string(HeaderError error);

/// A parsed header: values and offsets, no pointers, so it stays true for a copy of the packet (SRTP leaves the header
/// in the clear). Trivially copyable.
struct Header {
  Ssrc ssrc{};
  Timestamp timestamp{};
  SequenceNumber sequence{};
  std::uint8_t payload_type = 0;
  std::uint8_t csrc_count = 0;
  bool marker = false;
  bool padding = false;    ///< the last payload byte counts padding; encrypted under SRTP: see `payload_of`
  bool extension = false;  ///< there is one; `extension_bytes` may still be 0
  std::uint16_t extension_profile = 0;  ///< 0xbede, 0x100x (RFC 8285), or someone else's
  std::uint16_t extension_offset = 0;   ///< of the elements, behind the 4 bytes of profile and length
  std::uint16_t extension_bytes = 0;    ///< of the elements, a multiple of 4
  std::uint16_t header_bytes = 0;       ///< where the payload starts

  /// The elements for `find_extensions`. `packet` is what was parsed, or a copy with the same header.
  Bytes extension_of(Bytes packet) const { return packet.subspan(extension_offset, extension_bytes); }
};

/// Reads one RTP packet, encrypted or not: nothing behind the header is looked at.
tl::expected<Header, HeaderError> parse_header(Bytes packet);

/// The payload of a decrypted packet (SRTP tag taken off) without its padding. Empty for packets that are padding
/// alone, as senders probe with. Nothing if the padding count is 0 or more than there is.
std::optional<Bytes> payload_of(const Header& header, Bytes packet);

/// What `write_fixed_header` writes.
struct FixedHeader {
  Ssrc ssrc{};
  Timestamp timestamp{};
  SequenceNumber sequence{};
  std::uint8_t payload_type = 0;  ///< 0 to 127
  bool marker = false;
};

/// 12 bytes: no CSRC, padding or extension.
void write_fixed_header(std::span<std::uint8_t, kFixedHeaderBytes> out, const FixedHeader& header);

}  // namespace penstock::rtp
