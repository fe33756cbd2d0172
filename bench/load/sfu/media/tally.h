#pragma once
// What a crowd of endpoints saw, in sums: one Tally for all whose figures belong together.

#include <cstdint>

#include "bench/load/turn/histogram.h"

namespace penstock::load::media {

/// One kind of media, as received.
struct ReceivedTally {
  std::uint64_t packets = 0;  ///< first transmissions
  std::uint64_t bytes = 0;    ///< of RTP payload
  std::uint64_t retransmissions = 0;
  std::uint64_t skipped = 0;       ///< numbers that were not there when a later one came
  std::uint64_t reordered = 0;     ///< of them: came late, under their own SSRC
  std::uint64_t recovered = 0;     ///< of them: came by RTX
  std::uint64_t lost = 0;          ///< of them: given up after a second
  std::uint64_t duplicates = 0;    ///< by RTX of what was there already
  std::uint64_t corrupt = 0;       ///< payloads that are not what was sent
  std::uint64_t out_of_place = 0;  ///< of another track than subscribed to, or older than what came before
  Histogram latency;               ///< first transmissions: from the publisher's send call to the receiver's read

  /// Lost before any repair.
  std::uint64_t missed() const { return skipped - reordered; }
};

/// Continuity of pictures.
struct PictureTally {
  std::uint64_t frames = 0;
  std::uint64_t key_frames = 0;
  std::uint64_t undecodable = 0;      ///< packets between a loss, or the start, and the next key frame
  std::uint64_t picture_id_gaps = 0;  ///< frames whose picture id is not the last one's successor
  std::uint64_t tl0picidx_gaps = 0;   ///< frames whose tl0picidx does not follow
  std::uint64_t broken_frames = 0;    ///< began before the last one's marker
  std::uint64_t switches = 0;         ///< changes from one encoding to another
  std::uint64_t bad_switches = 0;     ///< of them: not at a key frame
  std::uint64_t timestamps_back = 0;  ///< a frame whose timestamp is not newer than the last one's
  Histogram first_picture;            ///< from "connected" to the first key frame
};

/// What was asked and told.
struct ControlTally {
  std::uint64_t nacked = 0;            ///< packets asked for by NACK
  std::uint64_t plis = 0;              ///< sent
  std::uint64_t receiver_reports = 0;  ///< compounds sent
  std::uint64_t feedback_sent = 0;     ///< transport-wide
  std::uint64_t feedback_received = 0;
  std::uint64_t feedback_lost = 0;   ///< packets that it says did not arrive
  std::uint64_t nacks_received = 0;  ///< packets asked for
  std::uint64_t plis_received = 0;   ///< FIR included
};

struct Tally {
  ReceivedTally audio, video;
  PictureTally pictures;
  ControlTally control;
  Histogram setup;  ///< connect() to keys
  Histogram ice;    ///< connect() to the first answered check
  std::uint64_t connected = 0;
  std::uint64_t failed = 0;

  std::uint64_t media_packets() const { return audio.packets + video.packets; }
};

}  // namespace penstock::load::media
