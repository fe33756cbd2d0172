#pragma once
// RTP header extensions (RFC 8285): the ones we know, found in one walk.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/rtp/bytes.h"

namespace penstock::rtp {

enum class Extension : std::uint8_t {
  mid,                 ///< RFC 9143 section 16
  rid,                 ///< RFC 8852
  repaired_rid,        ///< RFC 8852, on RTX streams
  abs_send_time,       ///< 24 bits of 6.18 fixed point seconds
  transport_sequence,  ///< draft-holmer-rmcat-transport-wide-cc-extensions-01
  audio_level,         ///< RFC 6464
  video_orientation,   ///< 3GPP TS 26.114 section 7.4.5
};
inline constexpr std::size_t kExtensions = 7;

/// What SDP and the API call them, by Extension.
inline constexpr std::array<std::string_view, kExtensions> kExtensionUris{
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:3gpp:video-orientation",
};
constexpr std::string_view uri_of(Extension extension) {
  return kExtensionUris[static_cast<std::size_t>(extension)];
}
/// Nothing for a URI we do not know.
std::optional<Extension> extension_of(std::string_view uri);

/// One endpoint's ids, by Extension; 0 is "not negotiated". Ids 1 to 14 can travel in both forms, 15 to 255 in the
/// two-byte form only. Each id has one meaning. Zero bytes: nothing negotiated.
class ExtensionIds {
 public:
  constexpr std::uint8_t operator[](Extension extension) const { return ids_[static_cast<std::size_t>(extension)]; }
  constexpr void set(Extension extension, std::uint8_t id) { ids_[static_cast<std::size_t>(extension)] = id; }
  /// What `id` means, in constant time; nothing for 0 and ids not negotiated.
  std::optional<Extension> meaning_of(std::uint8_t id) const;
  friend constexpr bool operator==(const ExtensionIds&, const ExtensionIds&) = default;

 private:
  /// Eight bytes, so that one load compares all; the last stays 0.
  alignas(8) std::array<std::uint8_t, 8> ids_{};
};

/// The extensions of fixed size. Plain values: kept with a packet, and written again by HeaderTemplate. Zero bytes:
/// none.
struct ExtensionValues {
  std::uint32_t abs_send_time = 0;       ///< 24 bits
  std::uint16_t transport_sequence = 0;  ///< wraps
  std::uint8_t audio_level = 0;          ///< as on the wire: bit 7 voice activity, bits 0-6 the level in -dBov
  std::uint8_t video_orientation = 0;    ///< as on the wire: 0000CFRR
  std::uint8_t present = 0;              ///< bit per Extension

  constexpr bool has(Extension extension) const { return (present >> static_cast<unsigned>(extension) & 1) != 0; }
  constexpr void add(Extension extension) {
    present = static_cast<std::uint8_t>(present | 1u << static_cast<unsigned>(extension));
  }
  constexpr void remove(Extension extension) {
    present = static_cast<std::uint8_t>(present & ~(1u << static_cast<unsigned>(extension)));
  }

  constexpr void set_abs_send_time(std::uint32_t value) {
    abs_send_time = value & 0xff'ffff;
    add(Extension::abs_send_time);
  }
  constexpr void set_transport_sequence(std::uint16_t value) {
    transport_sequence = value;
    add(Extension::transport_sequence);
  }
  constexpr void set_audio_level(std::uint8_t wire) {
    audio_level = wire;
    add(Extension::audio_level);
  }
  constexpr void set_video_orientation(std::uint8_t wire) {
    video_orientation = wire;
    add(Extension::video_orientation);
  }

  constexpr bool voice_activity() const { return (audio_level & 0x80) != 0; }
  /// -dBov: 0 is the loudest, 127 is silence.
  constexpr std::uint8_t level() const { return audio_level & 0x7f; }
  /// Degrees the receiver turns the picture clockwise.
  constexpr std::uint16_t rotation_degrees() const { return static_cast<std::uint16_t>((video_orientation & 3) * 90); }
};

/// Nothing longer is taken for a MID or RID. RFC 8852 allows more in the two-byte form; nobody sends it.
inline constexpr std::size_t kLongestStreamId = 16;

/// Header::extension_profile of the two forms; the low four bits of the second are the application's to use.
inline constexpr std::uint16_t kOneByteProfile = 0xbede;
inline constexpr std::uint16_t kTwoByteProfile = 0x1000;

/// What one packet carries. Texts point into the packet; empty is "absent". They are any bytes: compare, do not print.
struct Extensions {
  ExtensionValues values;
  std::string_view mid;
  std::string_view rid;
  std::string_view repaired_rid;
};

/// Walks the elements once, in whichever form `profile` says (Header::extension_profile, Header::extension_of). An
/// element of the wrong length, a text longer than kLongestStreamId and any repetition are ignored; the walk ends at
/// the first element that reaches past the end or, in the one-byte form, has a reserved id: 15, or 0 with a length
/// (RFC 8285 section 4.2).
Extensions find_extensions(std::uint16_t profile, Bytes elements, const ExtensionIds& ids);

/// 24 bits of 6.18 fixed point seconds, from any monotonic clock.
constexpr std::uint32_t abs_send_time_at(std::uint64_t ns) {
  const std::uint64_t seconds = ns / 1'000'000'000;
  return static_cast<std::uint32_t>(((seconds << 18) + ((ns % 1'000'000'000) << 18) / 1'000'000'000) & 0xff'ffff);
}

}  // namespace penstock::rtp
