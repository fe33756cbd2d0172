#pragma once
// The VP8 payload descriptor and the start of a VP8 frame (RFC 7741 sections 4.2 and 4.3, RFC 6386 section 9.1).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>

#include "dataplane/rtp/bytes.h"

namespace penstock::rtp {

enum class Vp8Error : std::uint8_t {
  truncated,  ///< the payload ends within the descriptor
  empty,      ///< nothing behind the descriptor
};
std::string_view to_string(Vp8Error error);

/// A parsed descriptor. A field is 0 where its has_ is false. Trivially copyable.
struct Vp8Descriptor {
  std::uint8_t bytes = 0;           ///< 1 to 6: where the VP8 payload starts
  std::uint8_t partition = 0;       ///< PID, 0 to 7
  bool partition_start = false;     ///< S
  bool non_reference = false;       ///< N: no other frame needs this one
  bool has_picture_id = false;      ///< I
  bool long_picture_id = false;     ///< M: 15 bits, else 7
  bool has_tl0picidx = false;       ///< L
  bool has_temporal_layer = false;  ///< T
  bool has_key_index = false;       ///< K
  bool layer_sync = false;          ///< Y: needs nothing above temporal layer 0; false unless T
  std::uint8_t temporal_layer = 0;  ///< TID
  std::uint8_t key_index = 0;       ///< KEYIDX
  std::uint8_t tl0picidx = 0;
  std::uint16_t picture_id = 0;

  /// The first packet of a frame.
  bool frame_start() const { return partition_start && partition == 0; }
};

/// Reads the descriptor of an RTP payload (its padding taken off).
tl::expected<Vp8Descriptor, Vp8Error> parse_vp8(Bytes payload);

/// The first packet of a key frame: S, PID 0, and the P bit of the VP8 header clear.
bool starts_key_frame(const Vp8Descriptor& descriptor, Bytes payload);

struct FrameSize {
  std::uint16_t width = 0;
  std::uint16_t height = 0;
  friend bool operator==(FrameSize, FrameSize) = default;
};
/// Of a key frame, from its first packet; nothing if this is not one or its start code is wrong. Scaling bits left out.
std::optional<FrameSize> key_frame_size(const Vp8Descriptor& descriptor, Bytes payload);

/// A descriptor as it is forwarded: the same fields with any picture id widened to 15 bits, so that subscribers' ids
/// lie at fixed offsets and never change its size. Plain values, kept with the packet.
struct Vp8Prefix {
  static constexpr std::size_t kMostBytes = 6;
  std::array<std::uint8_t, kMostBytes> bytes{};
  std::uint8_t size = 0;               ///< of what is used of `bytes`
  std::uint8_t rest_offset = 0;        ///< in the original payload: what follows the prefix unchanged
  std::uint8_t picture_id_offset = 0;  ///< in `bytes`; 0: the source sends none, so we add none
  std::uint8_t tl0picidx_offset = 0;   ///< in `bytes`; 0: none
};
Vp8Prefix normalise(const Vp8Descriptor& descriptor, Bytes payload);

/// Copies the prefix to `out` with this subscriber's numbers; only the low 15 bits of `picture_id` count, and a field
/// the source did not send is left out. `out` always has kMostBytes of room: what lies behind `prefix.size` is
/// clobbered, so write the prefix before the rest of the payload. Returns `prefix.size`.
std::size_t write_prefix(std::span<std::uint8_t, Vp8Prefix::kMostBytes> out, const Vp8Prefix& prefix,
                         std::uint16_t picture_id, std::uint8_t tl0picidx);

}  // namespace penstock::rtp
