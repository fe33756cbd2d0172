#pragma once
// Normalising: what a decrypted packet is to all of its receivers is worked out once (DESIGN.md, decision 5).

#include "dataplane/rtp/header.h"
#include "dataplane/rtp/header_extensions.h"
#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// An authentic packet of a media stream, or one recovered from its RTX stream.
struct Arrived {
  net::Packet* payload = nullptr;  ///< decrypted, padding taken off
  StreamId stream = kNoStream;     ///< the media stream
  std::uint64_t sequence = 0;      ///< packet index of the media stream
  std::uint64_t arrival_ns = 0;
  rtp::Header header;
  rtp::ExtensionValues extensions;
  bool recovered = false;  ///< came by RTX
};

/// The packet as it is kept in its encoding's ring; nullptr when it is there already, or is no payload of its codec.
/// Owns the packet from then on.
const StoredPacket* store(Core& core, const Arrived& arrived);

}  // namespace penstock::sfu
