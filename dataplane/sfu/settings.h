#pragma once
// What the SFU service of one worker is told at start.

#include <cstdint>
#include <vector>

#include "dataplane/net/address.h"
#include "dataplane/sfu/board.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::sfu {

struct SfuSettings {
  std::vector<net::Endpoint> listen;  ///< this worker's own media endpoints, concrete addresses
  BoardSizes sizes;
  std::uint32_t media_packets = 16384;    ///< kept for retransmission, of all tracks together
  std::uint32_t outgoing_packets = 8192;  ///< encrypted and on their way, at most
  srtp::Kind cipher = srtp::Kind::automatic;
  /// Without an authentic check or packet for so long an endpoint counts as disconnected (RFC 7675 section 5.1).
  std::uint64_t consent_ns = 30'000'000'000;
};

}  // namespace penstock::sfu
