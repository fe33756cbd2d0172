#include "dataplane/sfu/retransmit.h"

#include "dataplane/sfu/fan_out.h"

namespace penstock::sfu {
namespace {

// Packets sent again for one NACK at most. A receiver that has lost more is better served by a key frame.
constexpr unsigned kBudget = 64;

// The track as far as its packets are those that were sent: an encoding whose numbers began anew has others under them,
// of which the subscription has not been offered one yet.
Source kept_for(const Subscription& subscription, const Track& track) {
  Source source = source_of(track);
  for (std::size_t i = 0; i < source.encoding_count; ++i) {
    const auto restarts = static_cast<std::uint16_t>(track.encodings[i].restarts);
    if (subscription.restarts[i] != restarts) source.encodings[i].ring = nullptr;
  }
  return source;
}

}  // namespace

void retransmit(Core& core, SubscriptionSlot slot, const rtp::Nack& nack) {
  Subscription& subscription = core.subscriptions[slot];
  const SubscriptionParameters& p = subscription.parameters;
  if (!p.feedback.nack || p.track == kNoSlot || rtp::to_wire(nack.media) != p.ssrc) return;
  const Source source = kept_for(subscription, core.tracks[p.track]);
  SentPackets sent({&core.sent[std::size_t{slot} * kSentRecords], kSentRecords});
  SubscriptionStatus& status = core.board.subscriptions[slot];
  unsigned left = kBudget, asked = 0;
  const auto take = [&](rtp::SequenceNumber lost) {
    ++asked;
    core.stats.nacks_received.add();
    status.nacked.add();
    if (left == 0 || !subscription.pacer.open(core.now_ns())) return core.stats.retransmissions_held_back.add();
    const Resend found = sent.find(subscription.forwarder, source, lost, core.now_ns(), subscription.receiver.rtt_ns());
    switch (found.verdict) {
      case Resend::Verdict::resend:
        --left;
        return core.fan_out->resend(slot, found.outgoing, *found.packet);
      case Resend::Verdict::gone:
      case Resend::Verdict::not_sent:
        core.stats.not_found.add();
        return status.not_found.add();
      default:
        return core.stats.retransmissions_held_back.add();
    }
  };
  for (const rtp::NackItem item : nack.items) {
    if (asked >= kSentRecords) break;  // there are no more that could be sent again
    item.for_each(take);
  }
  core.fan_out->send();
}

}  // namespace penstock::sfu
