#pragma once
// From SRTP packets of publishers to entries of the encodings' rings.

#include <array>
#include <span>

#include "dataplane/rtp/header.h"
#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// A packet between parsing and decryption.
struct PendingMedia {
  net::Packet* packet;   ///< as it arrived
  net::Packet* payload;  ///< for its plaintext
  EndpointSlot endpoint;
  StreamId stream;
  rtp::Header header;
};

/// Room for a burst's; one per worker, because it is too large to be cleared for each burst.
struct MediaBatch {
  std::array<PendingMedia, srtp::kMaxBatch> pending;
  std::array<srtp::UnprotectJob, srtp::kMaxBatch> jobs;
  std::size_t size = 0;
};

/// RTP packets of one burst, whose flows are pairs of our endpoints, in order of arrival: decrypted in one batch,
/// stored, and forwarded. Ends the packets.
void receive_media(Core& core, std::span<net::Packet* const> packets);

}  // namespace penstock::sfu
