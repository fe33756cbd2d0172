#pragma once
// The SRTP protection profiles we speak, with the sizes and numbers that the RFCs give them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::srtp {

/// What a master key is for: cipher, authentication, and their sizes. One profile covers both SRTP and SRTCP.
enum class Profile : std::uint8_t {
  aes128_cm_sha1_80,  ///< RFC 3711 with 80-bit tags, RFC 5764 section 4.1.2
  aead_aes_128_gcm,   ///< RFC 7714
  aead_aes_256_gcm,   ///< RFC 7714
};
inline constexpr std::size_t kProfileCount = 3;

inline constexpr std::size_t kMaxKeyBytes = 32;
inline constexpr std::size_t kMaxSaltBytes = 14;
inline constexpr std::size_t kMaxTagBytes = 16;
/// The word with the E flag and the SRTCP index (RFC 3711 section 3.4).
inline constexpr std::size_t kRtcpIndexBytes = 4;
/// Room behind an RTP packet that suffices for any profile.
inline constexpr std::size_t kMaxTrailerBytes = kMaxTagBytes;
/// Room behind an RTCP packet that suffices for any profile.
inline constexpr std::size_t kMaxRtcpTrailerBytes = kMaxTagBytes + kRtcpIndexBytes;

/// Of the master key, and of the session keys that encrypt (RFC 3711 section 8.2, RFC 7714 section 12).
constexpr std::size_t key_bytes(Profile profile) {
  return profile == Profile::aead_aes_256_gcm ? 32 : 16;
}

/// Of the master salt and of the session salts.
constexpr std::size_t salt_bytes(Profile profile) {
  return profile == Profile::aes128_cm_sha1_80 ? 14 : 12;
}

/// By how much a packet grows: the authentication tag, the same for SRTP and SRTCP.
constexpr std::size_t tag_bytes(Profile profile) {
  return profile == Profile::aes128_cm_sha1_80 ? 10 : 16;
}

/// By how much an RTCP packet grows.
constexpr std::size_t rtcp_trailer_bytes(Profile profile) {
  return tag_bytes(profile) + kRtcpIndexBytes;
}

/// The profile's number in the use_srtp extension (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
constexpr std::uint16_t dtls_number(Profile profile) {
  switch (profile) {
    case Profile::aes128_cm_sha1_80:
      return 0x0001;
    case Profile::aead_aes_128_gcm:
      return 0x0007;
    case Profile::aead_aes_256_gcm:
      return 0x0008;
  }
  return 0;
}

/// Nothing for numbers of profiles that we do not speak.
constexpr std::optional<Profile> profile_of_dtls_number(std::uint16_t number) {
  switch (number) {
    case 0x0001:
      return Profile::aes128_cm_sha1_80;
    case 0x0007:
      return Profile::aead_aes_128_gcm;
    case 0x0008:
      return Profile::aead_aes_256_gcm;
    default:
      return std::nullopt;
  }
}

/// IANA's name less "SRTP_": what the control API and metrics show.
constexpr std::string_view name(Profile profile) {
  switch (profile) {
    case Profile::aes128_cm_sha1_80:
      return "AES128_CM_SHA1_80";
    case Profile::aead_aes_128_gcm:
      return "AEAD_AES_128_GCM";
    case Profile::aead_aes_256_gcm:
      return "AEAD_AES_256_GCM";
  }
  return "unknown";
}

}  // namespace penstock::srtp
