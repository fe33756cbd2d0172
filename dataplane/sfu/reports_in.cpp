#include "dataplane/sfu/reports_in.h"

#include <algorithm>

namespace penstock::sfu {

void take_report_block(Core& core, SubscriptionSlot slot, const rtp::ReportBlock& block) {
  Subscription& subscription = core.subscriptions[slot];
  if (rtp::to_wire(block.source) != subscription.parameters.ssrc) return;  // of its RTX stream
  SubscriptionStatus& status = core.board.subscriptions[slot];
  status.lost.set(static_cast<std::uint64_t>(std::max(block.cumulative_lost, 0)));
  status.fraction_lost.set(block.fraction_lost);
  status.jitter_us.set(std::uint64_t{block.jitter} * 1'000'000 / subscription.parameters.clock_rate);
  if (const auto rtt_us = rtp::round_trip_us(block, core.ntp_now())) {
    subscription.rtt_ns = std::uint64_t{*rtt_us} * 1000;
    status.rtt_us.set(*rtt_us);
  }
}

}  // namespace penstock::sfu
