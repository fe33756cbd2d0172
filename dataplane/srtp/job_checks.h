#pragma once
// What every implementation refuses before it touches a byte, so that they refuse alike.

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/net/bytes.h"
#include "dataplane/srtp/cipher.h"
#include "dataplane/srtp/profile.h"

namespace penstock::srtp {

inline constexpr std::size_t kRtpHeaderBytes = 12;  // RFC 3550 section 5.1, without CSRCs and extension
inline constexpr std::size_t kRtpSsrcOffset = 8;
inline constexpr std::size_t kRtcpClearBytes = 8;  // SRTCP leaves the first header and SSRC readable (RFC 3711 fig. 2)
inline constexpr std::size_t kRtcpSsrcOffset = 4;
inline constexpr std::uint32_t kRtcpEncrypted = std::uint32_t{1} << 31;  // the E flag

inline std::size_t plain_bytes(const ProtectJob& job) {
  return job.prefix.size() + job.payload.size();
}

inline std::size_t plain_bytes(const UnprotectJob& job, Profile profile) {
  return job.packet.size() - job.header_size - tag_bytes(profile);
}

inline Result check(const ProtectJob& job, Profile profile) {
  if (job.packet_index > kMaxPacketIndex) return Result::key_exhausted;
  // Each part is bounded before they are added up.
  if (job.header_size < kRtpHeaderBytes || job.prefix.size() > kMaxPrefixBytes ||
      job.payload.size() > kMaxPacketBytes) {
    return Result::malformed;
  }
  const std::size_t size = job.header_size + plain_bytes(job) + tag_bytes(profile);
  return size <= kMaxPacketBytes && size <= job.out.size() ? Result::ok : Result::malformed;
}

inline Result check(const UnprotectJob& job, Profile profile) {
  if (job.packet_index > kMaxPacketIndex) return Result::key_exhausted;
  const bool fits = job.header_size >= kRtpHeaderBytes && job.packet.size() >= job.header_size + tag_bytes(profile) &&
                    job.packet.size() <= kMaxPacketBytes && job.out.size() >= plain_bytes(job, profile);
  return fits ? Result::ok : Result::malformed;
}

/// A packet of `size` bytes in a buffer of `room`, to be protected.
inline Result check_plain_rtcp(std::size_t room, std::size_t size, Profile profile) {
  const bool fits = size >= kRtcpClearBytes && size <= room && room - size >= rtcp_trailer_bytes(profile) &&
                    size + rtcp_trailer_bytes(profile) <= kMaxPacketBytes;
  return fits ? Result::ok : Result::malformed;
}

inline Result check_protected_rtcp(std::size_t size, Profile profile) {
  const bool fits = size >= kRtcpClearBytes + rtcp_trailer_bytes(profile) && size <= kMaxPacketBytes;
  return fits ? Result::ok : Result::malformed;
}

/// Where the word with E flag and index stands in a protected packet of `size` bytes: before the tag (RFC 3711 section
/// 3.4), or at the very end with an AEAD (RFC 7714 section 9.2).
inline std::size_t rtcp_index_offset(std::size_t size, Profile profile) {
  return size - kRtcpIndexBytes - (profile == Profile::aes128_cm_sha1_80 ? tag_bytes(profile) : 0);
}

/// `packet` passed check_protected_rtcp(), or is to be what does.
inline std::uint32_t rtcp_index_word(std::span<const std::uint8_t> packet, Profile profile) {
  return net::load_be32(packet.data() + rtcp_index_offset(packet.size(), profile));
}

}  // namespace penstock::srtp
