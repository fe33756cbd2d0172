#pragma once
// What receivers report of the streams we send them (RFC 3550 section 6.4).

#include "dataplane/rtp/rtcp_reports.h"
#include "dataplane/sfu/core.h"

namespace penstock::sfu {

void take_report_block(Core& core, SubscriptionSlot slot, const rtp::ReportBlock& block);

}  // namespace penstock::sfu
