#pragma once
// What a signaling server asks for: rooms, endpoints, tracks and subscriptions as it describes them, before admission.
// Members have the names that errors' JSON pointers use.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/dtls/fingerprint.h"
#include "dataplane/rtp/header_extensions.h"
#include "dataplane/sfu/parameters.h"

namespace penstock::control::rooms {

/// Ids are the caller's: 1 to 64 characters of [A-Za-z0-9._~-] (RFC 3986 "unreserved"), but not "." or "..".
bool valid_id(std::string_view id);

/// Deletes the room, and everything in it, unless it is renewed in time: a PUT of the room or RenewLease.
struct Lease {
  std::string owner;             ///< 1 to 64 characters as of an id; for RenewLeases
  std::uint32_t duration_s = 0;  ///< 1 to 86,400
  friend bool operator==(const Lease&, const Lease&) = default;
};

/// Lower than the configuration's; nothing: the configuration's alone.
struct RoomLimits {
  std::optional<std::uint32_t> endpoints{}, tracks{}, subscriptions{};
  friend bool operator==(const RoomLimits&, const RoomLimits&) = default;
};

struct RoomSpec {
  std::optional<Lease> lease{};  ///< nothing: the room stays until it is deleted
  RoomLimits limits{};
  /// So many audio tracks are forwarded at a time, those that speak; 0: all of them; at most sfu::kMostSeats.
  std::uint8_t audio_last_n = 0;
  std::string metadata{};  ///< the caller's; at most 4,096 bytes
  friend bool operator==(const RoomSpec&, const RoomSpec&) = default;
};

/// Which sides of the DTLS handshake the remote side may be (RFC 8842; SDP's setup).
enum class DtlsRole : std::uint8_t {
  automatic,  ///< "actpass": either
  active,     ///< client
  passive,    ///< server
};
inline constexpr std::array<std::string_view, 3> kDtlsRoleNames = {"auto", "active", "passive"};

/// One entry of a codec list: the media format, or its retransmission format (RFC 4588).
struct CodecSpec {
  std::string name;                                       ///< "opus", "VP8", "rtx"; any case
  std::uint8_t payload_type = 0;                          ///< 0 to 127, without 64 to 95 (RFC 5761 section 4)
  std::uint32_t clock_rate = 0;                           ///< Hz; 0: the codec's (48,000; 90,000)
  std::uint8_t channels = 0;                              ///< 0: the codec's
  std::optional<std::uint8_t> associated_payload_type{};  ///< "apt": for rtx, and there it is required
  friend bool operator==(const CodecSpec&, const CodecSpec&) = default;
};

struct ExtensionSpec {
  std::string uri;      ///< one of rtp::kExtensionUris
  std::uint8_t id = 0;  ///< a track's: 1 to 255; a subscription's: 1 to 14, as Penstock writes the one-byte form
  friend bool operator==(const ExtensionSpec&, const ExtensionSpec&) = default;
};

struct EncodingSpec {
  std::uint32_t ssrc = 0;      ///< 0: not known beforehand
  std::uint32_t rtx_ssrc = 0;  ///< 0: not known beforehand, or there is none
  std::string rid{};           ///< empty: there is none; else 1 to 16 of [A-Za-z0-9_-]
  friend bool operator==(const EncodingSpec&, const EncodingSpec&) = default;
};

/// What an endpoint publishes: one m-section's worth. Exactly one media codec, at most one rtx for it.
struct TrackSpec {
  sfu::MediaKind kind = sfu::MediaKind::audio;
  std::string mid{};  ///< 1 to 16 token characters; may be empty when every encoding has an SSRC or the payload type
                      ///< is this track's alone
  std::vector<CodecSpec> codecs{};
  std::vector<EncodingSpec> encodings{};  ///< the lowest quality first, at most 4; empty: one, not known beforehand
  std::vector<ExtensionSpec> extensions{};
  sfu::Feedback feedback{};
};
bool operator==(const TrackSpec& a, const TrackSpec& b);

struct EndpointSpec {
  /// The remote side's (RFC 8445). May be given later by another PUT, when Penstock's side makes the offer. Changing
  /// them is an ICE restart: our credentials change too.
  std::string ice_ufrag{};                   ///< 4 to 256 ice-chars, or empty
  std::string ice_pwd{};                     ///< 22 to 256 ice-chars, or empty as well
  DtlsRole dtls_role = DtlsRole::automatic;  ///< the remote side's; we are active only when it is passive
  /// Of the remote certificate: any one that matches will do. May be given later likewise; no handshake before.
  std::vector<dtls::Fingerprint> fingerprints{};  ///< at most 8
  std::uint64_t max_publish_bit_rate = 0;         ///< bit/s of all it publishes; 0: no limit; else at least 30,000
  std::string metadata{};                         ///< the caller's; at most 4,096 bytes
  /// Deletes the endpoint when it never connected, or its consent was lost for good (Options::connect_timeout,
  /// Options::lost_timeout), or its handshake failed. Otherwise that is only reported.
  bool expire_when_lost = false;
  /// Where it is to be; nothing: Penstock chooses (placement.h). Of an endpoint that is there already: where it is; a
  /// patch moves it.
  std::optional<std::uint16_t> worker{};
  /// Its tracks by id. Given: exactly these, others are deleted; absent: tracks stay as they are.
  std::optional<std::vector<std::pair<std::string, TrackSpec>>> tracks{};
};
/// Without tracks and worker, which are not kept in an endpoint's.
bool operator==(const EndpointSpec& a, const EndpointSpec& b);

/// A track of the same room.
struct TrackReference {
  std::string endpoint;
  std::string track;
  friend bool operator==(const TrackReference&, const TrackReference&) = default;
};

/// A track to an endpoint. What was negotiated with the receiver (kind, mid, codecs, extensions, feedback, SSRCs)
/// cannot change while the subscription lives: delete it and make another.
struct SubscriptionSpec {
  std::optional<TrackReference> track{};  ///< of the same kind and codec; nothing: nothing to forward at present
  sfu::MediaKind kind = sfu::MediaKind::audio;
  std::string mid{};
  std::vector<CodecSpec> codecs{};  ///< with the payload types that the receiver negotiated
  std::vector<ExtensionSpec> extensions{};
  sfu::Feedback feedback{};
  /// What we send from; nothing: chosen, and kept over later PUTs. An SSRC that an earlier subscription of the endpoint
  /// had is refused: under the same SRTP key its packet indexes would repeat (RFC 3711 section 9.1).
  std::optional<std::uint32_t> ssrc{}, rtx_ssrc{};
  std::uint8_t max_spatial_layer = sfu::kAnyLayer;   ///< 0 to 3, or any
  std::uint8_t max_temporal_layer = sfu::kAnyLayer;  ///< 0 to 7, or any
  std::uint8_t priority = 0;                         ///< higher is more important when bandwidth is short
  bool paused = false;
};
bool operator==(const SubscriptionSpec& a, const SubscriptionSpec& b);

/// Members that are present replace the subscription's.
struct SubscriptionPatch {
  std::optional<std::optional<TrackReference>> track{};  ///< an inner nothing: no source (JSON null)
  std::optional<std::uint8_t> max_spatial_layer{};
  std::optional<std::uint8_t> max_temporal_layer{};
  std::optional<std::uint8_t> priority{};
  std::optional<bool> paused{};
};

struct EndpointPatch {
  std::optional<std::uint64_t> max_publish_bit_rate{};
  std::optional<std::string> metadata{};
  std::optional<std::uint16_t> worker{};  ///< moves the endpoint there
};

}  // namespace penstock::control::rooms
