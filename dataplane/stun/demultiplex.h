#pragma once
// What a datagram on a shared port is, by its first byte (RFC 7983 section 7).

#include <cstdint>

#include "dataplane/stun/bytes.h"

namespace penstock::stun {

enum class PacketKind : std::uint8_t { unknown, stun, zrtp, dtls, channel_data, rtp };

/// `rtp` covers RTCP. 80 to 127 and 192 to 255 are QUIC's (RFC 9443), which we do not speak: unknown. So are channels
/// above 0x4fff, which RFC 8656 no longer grants.
constexpr PacketKind classify(std::uint8_t first_byte) {
  if (first_byte <= 3) return PacketKind::stun;
  if (first_byte >= 64 && first_byte <= 79) return PacketKind::channel_data;
  if (first_byte >= 128 && first_byte <= 191) return PacketKind::rtp;
  if (first_byte >= 20 && first_byte <= 63) return PacketKind::dtls;
  if (first_byte >= 16 && first_byte <= 19) return PacketKind::zrtp;
  return PacketKind::unknown;
}

/// An empty datagram is unknown.
constexpr PacketKind classify(Bytes datagram) {
  return datagram.empty() ? PacketKind::unknown : classify(datagram[0]);
}

}  // namespace penstock::stun
