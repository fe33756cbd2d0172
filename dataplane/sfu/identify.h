#pragma once
// Which stream a packet belongs to, when its SSRC is not known yet: by MID and RID (RFC 8843 section 9.2, RFC 8852), or
// by its payload type where that is one track's alone.

#include "dataplane/rtp/header.h"
#include "dataplane/rtp/header_extensions.h"
#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// What the packet says of itself. Nothing is authentic yet, and nothing is changed.
StreamId identify(const Core& core, EndpointSlot slot, const rtp::Header& header, rtp::Bytes packet);

/// The packet was authentic: from now on its SSRC means that stream. False when the SSRC is another stream's of the
/// endpoint, when signaling named another for it, or when it was learned anew only a moment ago.
bool learn(Core& core, EndpointSlot slot, StreamId id, std::uint32_t ssrc);

/// Signaling named the SSRC: it means that stream, whatever it meant before.
void announce(Core& core, EndpointSlot slot, StreamId id, std::uint32_t ssrc);

/// The stream's SSRC means nothing any more; its packet index is kept.
void forget_stream(Core& core, EndpointSlot slot, StreamId id);

/// The packet index of an SSRC that is not in use, or nullptr when nothing of it is kept.
const srtp::ReceiveIndex* past_index(const Core& core, EndpointSlot slot, std::uint32_t ssrc);

}  // namespace penstock::sfu
