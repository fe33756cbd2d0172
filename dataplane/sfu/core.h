#pragma once
// Everything one worker's SFU has: tables sized at start, pools, the cipher, and the shard it runs on. Plain state;
// what happens with it is in the files named after it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/engine/shard.h"
#include "dataplane/engine/timer_wheel.h"
#include "dataplane/net/lazy_array.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/rtp/ntp_time.h"
#include "dataplane/rtp/send_history.h"
#include "dataplane/rtp/transport_feedback_recorder.h"
#include "dataplane/sfu/board.h"
#include "dataplane/sfu/endpoint.h"
#include "dataplane/sfu/forward/publisher_clock.h"
#include "dataplane/sfu/handshake_lane.h"
#include "dataplane/sfu/key_table.h"
#include "dataplane/sfu/neighbours.h"
#include "dataplane/sfu/settings.h"
#include "dataplane/sfu/speaker_board.h"
#include "dataplane/sfu/stats.h"
#include "dataplane/sfu/subscription.h"
#include "dataplane/sfu/track.h"
#include "dataplane/sfu/transfer.h"
#include "dataplane/sfu/work.h"
#include "dataplane/srtp/cipher.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::sfu {

/// Payload that a stored packet has room for: what fits an Ethernet frame.
inline constexpr std::uint16_t kStoredBytes = 1536;
/// And a packet on its way: that, the largest header and prefix, and the tag.
inline constexpr std::uint16_t kOutgoingBytes = 1664;

/// What a pass spends on feedback: some 100 us. What comes beyond that is dropped: RTCP is repeated, media is not.
inline constexpr int kRtcpUnitsPerPass = 1024;

class FanOut;
struct MediaBatch;

struct Core {
  ~Core();

  /// The error is a sentence: what there is too little of, and what to do.
  static tl::expected<std::unique_ptr<Core>, std::string> create(engine::Shard& shard, const SfuSettings& settings,
                                                                 HandshakeLanes& lanes, Board& board,
                                                                 Neighbours* neighbours, SpeakerBoard* speakers);

  std::uint64_t now_ns() const { return shard.now_ns(); }
  std::uint64_t now_us() const { return shard.now_ns() / 1000; }
  /// The wall clock of our sender reports: monotonic, with an offset taken once at start.
  rtp::NtpTime ntp_now() const { return ntp_at(shard.now_ns()); }
  rtp::NtpTime ntp_at(std::uint64_t monotonic_ns) const {
    return rtp::ntp_from_unix_ns(monotonic_ns + unix_minus_monotonic_ns);
  }

  engine::Shard& shard;
  const SfuSettings settings;
  HandshakeLanes& lanes;
  Board& board;
  Neighbours* neighbours;  ///< nullptr: there is no other worker
  SpeakerBoard* speakers;  ///< nullptr: no room is limited
  Stats stats;

  std::unique_ptr<srtp::Cipher> cipher;
  net::PacketPool media;     ///< decrypted payloads in the encodings' rings
  net::PacketPool outgoing;  ///< encrypted copies

  net::LazyArray<Endpoint> endpoints;
  net::LazyArray<rtp::TransportFeedbackRecorder> arrivals;  ///< by endpoint: what it sent us
  net::LazyArray<rtp::SendHistory> histories;               ///< by endpoint: what we sent it
  net::LazyArray<PastStreams> past_streams;                 ///< by endpoint
  net::LazyArray<PublisherClock> clocks;                    ///< by endpoint: its wall clock on ours
  net::LazyArray<Track> tracks;
  net::LazyArray<Hearing> hearings;     ///< by track
  net::LazyArray<MirrorLink> mirrors;   ///< by track and worker
  net::LazyArray<StoredPacket> stored;  ///< kVideoRing for each encoding of each track
  net::LazyArray<Stream> streams;       ///< by StreamId
  net::LazyArray<Subscription> subscriptions;
  net::LazyArray<SentRecord> sent;  ///< kSentRecords for each subscription

  net::LazyArray<srtp::MasterKeys> keys;  ///< by endpoint, for when it moves: `client` to receive, `server` to send

  KeyTable fragments;               ///< our ICE fragment -> endpoint
  KeyTable stream_of;               ///< (endpoint, received SSRC) -> StreamId
  KeyTable subscription_of;         ///< (endpoint, sent SSRC) -> subscription
  engine::TimerWheel turns;         ///< by endpoint: its RTCP duties and consent
  engine::TimerWheel mirror_turns;  ///< by track: what a publisher's turns do for tracks that are mirrors

  std::optional<net::PacketPool> views;  ///< of packets that other workers have lent: no buffers of their own
  std::uint32_t first_neighbour = 0;     ///< whose turn it is to be heard first
  std::vector<std::uint32_t> lent;       ///< by worker: packets of ours that it has not given back

  std::vector<net::LocalId> borrowed;  ///< by worker and door: what the port knows it by; kNoLocal: not borrowed yet
  TransferQueue leaving{};             ///< endpoints that are packed, and wait for room in a lane
  TransferQueue arriving{};            ///< endpoints that have moved here, whose subscriptions are being unpacked

  std::uint64_t unix_minus_monotonic_ns = 0;
  Work rtcp_work{kRtcpUnitsPerPass};  ///< what is left of this pass's
  bool flows_changed = false;         ///< in this burst: packets were classified by what was before
  bool keep_short = false;            ///< the media store is filling up
  bool keep_least = false;            ///< it is nearly full
  bool wake_handshakes = false;
  std::unique_ptr<MediaBatch> media_batch{};
  std::unique_ptr<FanOut> fan_out{};
  HandshakeDatagram handshake_in{}, handshake_out{};  ///< room for one, too large for the stack of a pass
};

/// Keys of stream_of and subscription_of.
constexpr std::uint64_t key_of(EndpointSlot endpoint, std::uint32_t ssrc) {
  return std::uint64_t{endpoint} << 32 | ssrc;
}

/// Sends it to the endpoint's selected pair.
inline void aim(net::Packet* p, const Endpoint& endpoint) {
  net::PacketInfo& info = net::info(p);
  info.remote = endpoint.remote;
  info.local = endpoint.local;
  info.path = endpoint.path;
}

}  // namespace penstock::sfu
