#pragma once
// What GET shows: what was asked for, what Penstock chose, and what the worker reports at this moment.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/dtls/peer.h"
#include "control/rooms/spec.h"
#include "dataplane/net/address.h"
#include "dataplane/sfu/board.h"

namespace penstock::control::rooms {

/// Entity tags (`etag`, without quotes) cover what was asked for and chosen, not the reported state. They are never
/// used twice, over restarts neither.
struct RoomView {
  std::string id;
  std::string etag;
  RoomSpec spec;
  std::uint16_t worker = 0;                          ///< its home: where its first endpoints are
  std::vector<std::uint32_t> endpoints_by_worker{};  ///< how many of them each worker has
  std::uint64_t created_unix_ms = 0;
  std::optional<std::uint64_t> lease_expires_unix_ms{};
  std::uint32_t endpoints = 0, tracks = 0, subscriptions = 0;
  std::uint64_t received_bit_rate = 0, sent_bit_rate = 0;  ///< of the last second
  std::vector<TrackReference> speakers{};                  ///< audio_last_n: whose tracks are forwarded at present
};

/// A host candidate of ours (RFC 8839 section 5.1); UDP, component 1.
struct Candidate {
  std::string foundation;
  std::uint32_t priority = 0;
  net::Endpoint address;  ///< as others reach it
};

enum class IceViewState : std::uint8_t {
  waiting,       ///< no authenticated check yet
  connected,     ///< a pair is selected
  disconnected,  ///< neither checks nor media for a while; may come back
  failed,        ///< never connected, or disconnected, for too long; may come back all the same
};
inline constexpr std::array<std::string_view, 4> kIceViewStateNames = {"waiting", "connected", "disconnected",
                                                                       "failed"};

enum class DtlsState : std::uint8_t {
  waiting,  ///< for fingerprints, a checked pair, or the handshake's end
  secured,  ///< keys are installed
  closed,   ///< after secured: the peer said goodbye
  failed,
};
inline constexpr std::array<std::string_view, 4> kDtlsStateNames = {"waiting", "secured", "closed", "failed"};

struct EndpointView {
  std::string room, id;
  std::string etag;
  EndpointSpec spec;  ///< without tracks
  std::uint16_t worker = 0;
  std::optional<std::uint16_t> moving_to{};  ///< the worker that it is on its way to
  std::uint64_t created_unix_ms = 0;

  // Chosen by Penstock, for the remote side.
  std::string ice_ufrag, ice_pwd;
  std::vector<Candidate> candidates;            ///< every media address of its worker, the preferred first; ice-lite
  dtls::Role dtls_role = dtls::Role::passive;   ///< ours
  std::vector<dtls::Fingerprint> fingerprints;  ///< of our certificate
  std::string cname;                            ///< of everything we send to it

  // Reported.
  IceViewState ice_state = IceViewState::waiting;
  DtlsState dtls_state = DtlsState::waiting;
  std::string failure{};       ///< why ICE or DTLS failed; empty while they have not
  std::string srtp_profile{};  ///< once secured, "AEAD_AES_128_GCM"
  std::optional<net::Endpoint> remote_address{}, local_address{};  ///< of the selected pair
  std::optional<std::uint64_t> last_heard_ms{};                    ///< ago; anything authentic
  std::uint64_t received_packets = 0, received_bytes = 0, sent_packets = 0, sent_bytes = 0;
  std::uint64_t received_bit_rate = 0, sent_bit_rate = 0;  ///< of the last second
  std::uint64_t authentication_failures = 0, replays = 0, unknown_streams = 0;
  std::uint64_t checks = 0, checks_refused = 0;
  std::uint64_t available_bit_rate = 0;  ///< told to it by REMB; 0: none

  std::vector<std::string> tracks, subscriptions;  ///< ids, sorted
};

struct EncodingView {
  std::uint32_t ssrc = 0;  ///< 0: not seen yet
  std::string rid{};
  bool active = false;
  std::uint64_t packets = 0, bytes = 0, bit_rate = 0, lost = 0, jitter_us = 0;
  std::uint64_t frames = 0, key_frames = 0, width = 0, height = 0;
  std::uint64_t nacks_sent = 0, plis_sent = 0, recovered = 0;
};

struct TrackView {
  std::string room, endpoint, id;
  std::string etag;
  TrackSpec spec;
  std::uint32_t subscriptions = 0;            ///< to it
  std::optional<std::uint8_t> audio_level{};  ///< -dBov of the last packet; audio only, once there is one
  std::vector<EncodingView> encodings;
};

struct SubscriptionView {
  std::string room, endpoint, id;
  std::string etag;
  SubscriptionSpec spec;  ///< with the SSRCs in use; `track` is empty once the track was deleted
  std::optional<std::uint8_t> spatial_layer{}, target_spatial_layer{};  ///< nothing: none is forwarded, or waited for
  std::uint8_t temporal_layer = 0;
  std::uint64_t packets = 0, bytes = 0, bit_rate = 0;
  std::uint64_t retransmitted = 0, nacked = 0, not_found = 0, plis = 0, key_frame_waits = 0, layer_switches = 0;
  std::uint64_t lost = 0, fraction_lost = 0, jitter_us = 0, rtt_us = 0;  ///< as the receiver reports; fraction in 1/256
};

}  // namespace penstock::control::rooms
