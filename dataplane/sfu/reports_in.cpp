#include "dataplane/sfu/reports_in.h"

#include <algorithm>

namespace penstock::sfu {

void take_report_block(Core& core, SubscriptionSlot slot, const rtp::ReportBlock& block) {
  Subscription& subscription = core.subscriptions[slot];
  if (rtp::to_wire(block.source) != subscription.parameters.ssrc) return;  // of its RTX stream
  subscription.receiver.on_report(block, core.ntp_now(), subscription.parameters.clock_rate);
  const ReceiverView& view = subscription.receiver;
  SubscriptionStatus& status = core.board.subscriptions[slot];
  status.lost.set(static_cast<std::uint64_t>(std::max(view.cumulative_lost, 0)));
  status.fraction_lost.set(view.fraction_lost);
  status.jitter_us.set(view.jitter_us);
  status.rtt_us.set(view.rtt_us);
}

}  // namespace penstock::sfu
