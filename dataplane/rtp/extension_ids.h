#pragma once
// Which header extensions Penstock knows, and the ids one side negotiated for them (RFC 8285).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::rtp {

enum class Extension : std::uint8_t {
  mid,                 ///< RFC 9143
  rid,                 ///< RFC 8852 RtpStreamId
  repaired_rid,        ///< RFC 8852 RepairedRtpStreamId
  abs_send_time,       ///< 24 bit, 6.18 fixed point seconds
  transport_sequence,  ///< draft-holmer-rmcat-transport-wide-cc-extensions-01
  audio_level,         ///< RFC 6464
  video_orientation,   ///< 3GPP TS 26.114 (CVO)
  count_
};
inline constexpr std::size_t kExtensionCount = static_cast<std::size_t>(Extension::count_);

/// As in SDP's extmap and in the control API.
inline constexpr std::array<std::string_view, kExtensionCount> kExtensionUris = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:3gpp:video-orientation",
};
constexpr std::string_view uri(Extension e) {
  return kExtensionUris[static_cast<std::size_t>(e)];
}

/// The ids of one m-section: 1 to 14 where we write (one-byte form), 1 to 255 where we read; 0: not negotiated.
struct ExtensionIds {
  std::array<std::uint8_t, kExtensionCount> ids{};

  std::uint8_t operator[](Extension e) const { return ids[static_cast<std::size_t>(e)]; }
  std::uint8_t& operator[](Extension e) { return ids[static_cast<std::size_t>(e)]; }
  friend bool operator==(const ExtensionIds&, const ExtensionIds&) = default;
};

}  // namespace penstock::rtp
