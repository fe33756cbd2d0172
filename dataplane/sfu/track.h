#pragma once
// A published source as its worker sees it: its encodings, the streams they arrive on, and who wants them.

#include <array>
#include <cstdint>

#include "dataplane/rtp/nack_generator.h"
#include "dataplane/rtp/receiver_statistics.h"
#include "dataplane/rtp/sender_report_clock.h"
#include "dataplane/sfu/backlog.h"
#include "dataplane/sfu/forward/key_frame_requests.h"
#include "dataplane/sfu/forward/publisher_clock.h"
#include "dataplane/sfu/forward/sequence_map.h"
#include "dataplane/sfu/parameters.h"
#include "dataplane/sfu/stored_packet.h"
#include "dataplane/srtp/replay_window.h"

namespace penstock::sfu {

/// Packets of one encoding that are kept for retransmission: two seconds of 250 packets, five of Opus.
inline constexpr std::uint32_t kVideoRing = 512;
inline constexpr std::uint32_t kAudioRing = 256;

/// A place for one received SSRC: every encoding has one for media and one for its RTX stream (RFC 4588), so that
/// nothing has to be found when a client begins to send.
using StreamId = std::uint32_t;
inline constexpr StreamId kNoStream = UINT32_MAX;

constexpr StreamId stream_id(TrackSlot track, std::uint32_t encoding, bool retransmission) {
  return (track * kMostEncodings + encoding) * 2 + (retransmission ? 1 : 0);
}
constexpr TrackSlot track_of(StreamId id) {
  return id / (2 * kMostEncodings);
}
constexpr std::uint32_t encoding_of(StreamId id) {
  return id / 2 % kMostEncodings;
}
constexpr bool is_retransmission(StreamId id) {
  return id % 2 == 1;
}

/// What is known of one received SSRC. Zero bytes: none yet.
struct Stream {
  bool known;
  std::uint32_t ssrc;
  std::uint64_t learned_ns;
  srtp::ReceiveIndex index;
  rtp::ReceiverStatistics statistics;
};

/// One layer. Zero bytes: nothing came yet.
struct Encoding {
  EncodingRing ring;
  rtp::SenderReportClock clock;
  std::uint64_t last_packet_ns;
  bool active;             ///< packets come
  bool begun;              ///< had an SSRC before
  std::uint32_t restarts;  ///< how often its numbers began anew; of a mirror, the origin's count
  rtp::NackGenerator nacks;
};

/// Where else a track's packets go: a mirror on another worker. Zero bytes: none.
struct MirrorLink {
  TrackSlot mirror;
  std::uint32_t generation;  ///< of the mirror; 0: no mirror there
  std::uint32_t next;        ///< the next worker with a mirror of the track, plus one; 0: the last
};

/// What a track that competes for a seat has besides. Zero bytes: it never did.
struct Hearing {
  bool begun;                         ///< its packets are numbered by `numbers` from now on, limited or not
  bool entered;                       ///< one was forwarded since the source's numbers began
  bool speaking;                      ///< has a seat
  bool last_forwarded;                ///< the newest packet was
  std::uint16_t level;                ///< smoothed, -dBov in 1/256
  std::uint64_t heard_ns, paused_ns;  ///< a packet; and when it was last quiet
  SequenceMap numbers;
  SequenceHistory history;
};

/// Zero bytes: a free slot.
struct Track {
  std::uint32_t generation;  ///< 0: free
  TrackParameters parameters;
  TrackSlot next;                       ///< of the endpoint; plus one, 0: the last
  WaitingQueue waiting;                 ///< to be forwarded
  SubscriptionSlot first_subscription;  ///< plus one, 0: none
  std::uint32_t first_mirror;           ///< worker, plus one; 0: no other worker wants it
  PublisherClock publisher_clock;       ///< of a mirror; else the endpoint has it
  bool competes;                        ///< its room's audio is limited, or was: see Hearing
  bool fed;                             ///< of a mirror: packets came since its last turn
  bool keep_short;                      ///< of a mirror: the origin's worker wants its packets back soon
  KeyFrameRequests key_frames;
  std::array<Encoding, kMostEncodings> encodings;

  bool is_mirror() const { return parameters.origin.is_mirror(); }
};

}  // namespace penstock::sfu
