#pragma once
// One participant's transport as its worker sees it.

#include <array>
#include <cstdint>

#include "dataplane/net/packet.h"
#include "dataplane/sfu/parameters.h"
#include "dataplane/srtp/cipher.h"
#include "dataplane/srtp/replay_window.h"
#include "dataplane/stun/hash.h"

namespace penstock::sfu {

/// An address that an authentic check came from: a flow of the worker's table.
struct Pair {
  net::FlowId flow = net::kNoFlow;
  std::uint32_t priority = 0;
  std::uint64_t last_check_ns = 0;
  std::uint64_t heard_ns = 0;      ///< anything authentic over it
  std::uint64_t nominated_ns = 0;  ///< last check with USE-CANDIDATE; 0: none
  // Of an endpoint that is away: see home_pairs.h.
  std::uint64_t told_ns = 0;  ///< its home was told of it; 0: never
  bool given_up = false;      ///< and that another may have it
};

/// Replay window of one SSRC's SRTCP (RFC 3711 section 3.3.2); clients send from several.
struct RtcpSource {
  std::uint32_t ssrc = 0;
  std::uint64_t last_ns = 0;  ///< 0: free
  srtp::ReplayWindow window;
};

/// What is left of a stream whose SSRC went out of use: as long as the key lives, its packet indices go on where they
/// were (RFC 3711 section 3.2.3), and what was accepted before stays a replay.
struct PastStream {
  std::uint32_t ssrc = 0;
  std::uint64_t last_ns = 0;  ///< 0: free
  srtp::ReceiveIndex index;
};
inline constexpr std::size_t kPastStreams = 16;
using PastStreams = std::array<PastStream, kPastStreams>;

/// What an endpoint's feedback has cost. Zero bytes: nothing was spent.
struct RtcpAllowance {
  std::uint64_t repaid_ns;  ///< until then
  int spent;                ///< units of Work that time has yet to pay back
};

/// The worker whose UDP port an endpoint's client sends to, and the forwarding address there. Zero bytes: it is this
/// one.
struct Home {
  std::uint32_t number;  ///< of the worker, plus one
  EndpointSlot slot;
  std::uint32_t generation;

  static Home at(std::uint16_t worker, EndpointSlot slot, std::uint32_t generation) {
    return {worker + 1U, slot, generation};
  }
  bool is_elsewhere() const { return number != 0; }
  std::uint16_t worker() const { return static_cast<std::uint16_t>(number - 1); }  ///< kNoWorker: this one
};

/// Zero bytes: a free slot.
struct alignas(64) Endpoint {
  static constexpr std::size_t kMostPairs = 8;
  static constexpr std::size_t kMostRtcpSources = 16;

  // What every packet to it needs: the selected pair.
  net::Endpoint remote;
  net::LocalId local;
  net::PathId path;
  std::uint32_t generation;  ///< 0: free
  bool connected, secured, disconnected;
  std::uint32_t departed_to;  ///< a worker, plus one: it moved there, and this is what it left behind; 0: it is here
  Home home;
  bool announce_pair;  ///< the handshake thread has yet to hear of the first pair

  std::uint8_t pair_count, selected;
  std::uint64_t last_heard_ns;  ///< authentic check or packet; or when it was added
  std::uint64_t told_home_ns;   ///< of a check over any of its pairs
  TrackSlot first_track;        ///< plus one; 0: none
  SubscriptionSlot first_subscription;

  std::array<char, IceCredentials::kFragmentSize> fragment;
  stun::HmacSha1 password;
  std::array<Pair, kMostPairs> pairs;
  Cname cname;
  std::uint64_t max_publish_bit_rate;  ///< 0: no limit
  std::uint8_t limits_to_lift;         ///< REMBs to be sent that take an earlier limit back, as nothing else does

  // RTCP duties, monotonic nanoseconds of the next one.
  std::uint64_t next_reports_ns, next_feedback_ns, next_limit_ns;
  bool media_share_used;             ///< it has more in the media store than is its share
  std::uint8_t handshake_datagrams;  ///< taken since handshake_second_ns
  std::uint64_t handshake_second_ns;
  bool received_media;  ///< since its last turn: it has to be looked after often
  RtcpAllowance rtcp_allowance;
  std::uint32_t rtcp_ssrc;  ///< from which we send feedback to it
  std::array<RtcpSource, kMostRtcpSources> rtcp_sources;

  std::span<Pair> live_pairs() { return {pairs.data(), pair_count}; }
};

/// The numbers of an endpoint's contexts in the worker's cipher.
constexpr srtp::ContextId receive_context(EndpointSlot slot) {
  return 2 * slot;
}
constexpr srtp::ContextId send_context(EndpointSlot slot) {
  return 2 * slot + 1;
}

}  // namespace penstock::sfu
