#pragma once
// Receivers' NACKs, answered from the track's ring (RFC 4585 section 6.2.1, RFC 4588).

#include "dataplane/rtp/rtcp_feedback.h"
#include "dataplane/sfu/core.h"

namespace penstock::sfu {

void retransmit(Core& core, SubscriptionSlot slot, const rtp::Nack& nack);

}  // namespace penstock::sfu
