#pragma once
// From SRTP packets of publishers to entries of the encodings' rings.

#include <span>

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// RTP packets of one burst, whose flows are pairs of our endpoints, in order of arrival: decrypted in one batch,
/// stored, and forwarded. Ends the packets.
void receive_media(Core& core, std::span<net::Packet* const> packets);

}  // namespace penstock::sfu
