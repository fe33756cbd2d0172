#pragma once
// What control tells a worker about endpoints, tracks and subscriptions: plain data of fixed size, compiled from the
// model. Everything here has passed admission; a worker finds nothing in it to refuse (DESIGN.md, decision 7).

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/rtp/header_extensions.h"

namespace penstock::sfu {

/// Numbers of entries in one worker's tables, chosen by control. A slot is used again only after the worker has
/// applied the update that removed its last user.
using EndpointSlot = std::uint32_t;
using TrackSlot = std::uint32_t;
using SubscriptionSlot = std::uint32_t;
inline constexpr std::uint32_t kNoSlot = UINT32_MAX;
/// Workers are numbered from 0, as in engine::ShardOptions.
inline constexpr std::uint16_t kNoWorker = UINT16_MAX;

/// Text of at most N bytes: a MID, a RID, a CNAME.
template <std::size_t N>
struct ShortText {
  std::uint8_t size = 0;
  std::array<char, N> bytes{};

  ShortText() = default;
  /// Cuts what does not fit; control has refused it before.
  explicit ShortText(std::string_view text) : size(static_cast<std::uint8_t>(text.size() < N ? text.size() : N)) {
    std::memcpy(bytes.data(), text.data(), size);
  }
  std::string_view view() const { return {bytes.data(), size}; }
  bool empty() const { return size == 0; }
  friend bool operator==(const ShortText& a, const ShortText& b) { return a.view() == b.view(); }
};

using Mid = ShortText<16>;    ///< RFC 9143; longer ones do not fit a one-byte header extension
using Rid = ShortText<16>;    ///< RFC 8852
using Cname = ShortText<24>;  ///< RFC 7022

/// Our half of the ICE credentials (RFC 8445 section 5.3). The fragment has a fixed length, so that it is a key.
struct IceCredentials {
  static constexpr std::size_t kFragmentSize = 8;
  static constexpr std::size_t kPasswordSize = 24;
  std::array<char, kFragmentSize> fragment{};  ///< unique on the worker
  std::array<char, kPasswordSize> password{};
};

enum class MediaKind : std::uint8_t { audio, video };
inline constexpr std::array<std::string_view, 2> kMediaKindNames = {"audio", "video"};

/// What is forwarded. Others are never accepted (RED, ULPFEC, FlexFEC among them).
enum class Codec : std::uint8_t { opus, vp8 };
inline constexpr std::array<std::string_view, 2> kCodecNames = {"opus", "vp8"};

/// Payload types are 7 bits.
inline constexpr std::uint8_t kNoPayloadType = 0xff;

/// Feedback that was negotiated for a codec (RFC 4585, 5104; goog-remb, transport-cc).
struct Feedback {
  bool nack = false;
  bool pli = false;
  bool fir = false;
  bool remb = false;
  bool transport = false;
};

struct EndpointParameters {
  IceCredentials ice{};
  Cname cname{};                           ///< of everything we send to it
  std::uint64_t max_publish_bit_rate = 0;  ///< of all it publishes, told to it by REMB; 0: no limit
};

/// One simulcast layer of a track, or its only stream.
struct EncodingParameters {
  std::uint32_t ssrc = 0;      ///< 0: learned from MID and RID, or from the payload type
  std::uint32_t rtx_ssrc = 0;  ///< 0: learned likewise, or there is none
  Rid rid{};
};

inline constexpr std::uint32_t kMostEncodings = 4;

/// Where a track really is, when its slot is a mirror (whose status on the board is its generation and nothing else):
/// an ordinary track of this worker's table, to which subscriptions refer as to any, but whose packets come from a
/// track of another worker, each once and by reference.
struct Origin {
  std::uint16_t worker = kNoWorker;  ///< kNoWorker: the track is no mirror
  TrackSlot track = kNoSlot;         ///< on that worker
  std::uint32_t generation = 0;      ///< of that slot there

  bool is_mirror() const { return worker != kNoWorker; }
};

/// Audio last-N: the room's place on the SpeakerBoard. All tracks of the room that compete name the same.
struct Speakers {
  std::uint32_t room = kNoSlot;  ///< kNoSlot: whatever comes is forwarded
  std::uint8_t seats = 0;        ///< tracks that are forwarded at a time: 1 ... kMostSeats

  bool limited() const { return room != kNoSlot; }
};
inline constexpr std::uint8_t kMostSeats = 16;

/// What an endpoint publishes. Of a mirror: `endpoint` is kNoSlot, payload types, MID, SSRCs, RIDs, extensions and
/// `speakers` mean nothing; kind, codec, clock rate and how many encodings there are have to be the origin's.
struct TrackParameters {
  EndpointSlot endpoint = kNoSlot;
  MediaKind kind = MediaKind::audio;
  Codec codec = Codec::opus;
  std::uint8_t payload_type = kNoPayloadType;
  std::uint8_t rtx_payload_type = kNoPayloadType;
  std::uint32_t clock_rate = 48000;  ///< Hz
  Mid mid{};
  std::uint8_t encoding_count = 1;
  std::array<EncodingParameters, kMostEncodings> encodings{};  ///< the lowest quality first
  rtp::ExtensionIds extensions{};                              ///< as the publisher sends them
  Feedback feedback{};
  Origin origin{};
  Speakers speakers{};
};

inline constexpr std::uint8_t kAnyLayer = 0xff;

/// A track to an endpoint. Replacing one (a new source, other layers, pause) keeps what was negotiated with the
/// receiver, and its sequence numbers and timestamps go on where they were.
struct SubscriptionParameters {
  EndpointSlot endpoint = kNoSlot;  ///< the receiver
  TrackSlot track = kNoSlot;        ///< kNoSlot: nothing to forward at present
  MediaKind kind = MediaKind::audio;
  Codec codec = Codec::opus;
  std::uint8_t payload_type = kNoPayloadType;
  std::uint8_t rtx_payload_type = kNoPayloadType;
  std::uint32_t clock_rate = 48000;
  Mid mid{};
  std::uint32_t ssrc = 0;
  std::uint32_t rtx_ssrc = 0;  ///< 0: lost packets are sent again as they were
  rtp::ExtensionIds extensions{};
  Feedback feedback{};
  std::uint8_t max_spatial_layer = kAnyLayer;  ///< index of the best encoding that may be forwarded
  std::uint8_t max_temporal_layer = kAnyLayer;
  std::uint8_t priority = 0;  ///< higher is more important when bandwidth is short
  bool paused = false;
  /// Where the outgoing stream starts; random (RFC 3550 section 5.1).
  std::uint16_t first_sequence = 0;
  std::uint16_t first_rtx_sequence = 0;
  std::uint32_t first_timestamp = 0;
  std::uint16_t first_picture_id = 0;
};

}  // namespace penstock::sfu
