// Subscriptions come and go.

#include <algorithm>

#include "dataplane/sfu/activity.h"
#include "dataplane/sfu/fan_out.h"
#include "dataplane/sfu/tables.h"

namespace penstock::sfu {
namespace {

// Doubly linked, because a track may have thousands of them.
void link_to_track(Core& core, SubscriptionSlot slot) {
  Subscription& subscription = core.subscriptions[slot];
  if (subscription.parameters.track == kNoSlot) return;
  SubscriptionSlot& first = core.tracks[subscription.parameters.track].first_subscription;
  subscription.next_of_track = first;
  subscription.previous_of_track = 0;
  if (first != 0) core.subscriptions[first - 1].previous_of_track = slot + 1;
  first = slot + 1;
}

void unlink_from_track(Core& core, SubscriptionSlot slot) {
  Subscription& subscription = core.subscriptions[slot];
  if (subscription.parameters.track == kNoSlot) return;
  const SubscriptionSlot next = subscription.next_of_track, previous = subscription.previous_of_track;
  core.fan_out->step_over(subscription.parameters.track, slot, next);
  if (next != 0) core.subscriptions[next - 1].previous_of_track = previous;
  if (previous != 0) {
    core.subscriptions[previous - 1].next_of_track = next;
  } else {
    core.tracks[subscription.parameters.track].first_subscription = next;
  }
}

void link_to_endpoint(Core& core, SubscriptionSlot slot) {
  Subscription& subscription = core.subscriptions[slot];
  SubscriptionSlot& first = core.endpoints[subscription.parameters.endpoint].first_subscription;
  subscription.next_of_endpoint = first;
  subscription.previous_of_endpoint = 0;
  if (first != 0) core.subscriptions[first - 1].previous_of_endpoint = slot + 1;
  first = slot + 1;
}

void unlink_from_endpoint(Core& core, SubscriptionSlot slot) {
  Subscription& subscription = core.subscriptions[slot];
  const SubscriptionSlot next = subscription.next_of_endpoint, previous = subscription.previous_of_endpoint;
  if (next != 0) core.subscriptions[next - 1].previous_of_endpoint = previous;
  if (previous != 0) {
    core.subscriptions[previous - 1].next_of_endpoint = next;
  } else {
    core.endpoints[subscription.parameters.endpoint].first_subscription = next;
  }
}

// What is sent again without RTX has to be the same to the last bit (see SentPackets), so nothing in its header may
// depend on when it is sent.
SubscriptionParameters effective(SubscriptionParameters parameters) {
  if (parameters.rtx_ssrc != 0 || !parameters.feedback.nack) return parameters;
  parameters.extensions.set(rtp::Extension::abs_send_time, 0);
  parameters.extensions.set(rtp::Extension::transport_sequence, 0);
  return parameters;
}

void show_no_layer(Core& core, SubscriptionSlot slot) {
  core.subscriptions[slot].shown = Subscription::kNothingShown;
  SubscriptionStatus& status = core.board.subscriptions[slot];
  status.spatial_layer.set(kAnyLayer);
  status.target_spatial_layer.set(kAnyLayer);
  core.board.dirty_subscriptions.mark(slot);
}

void begin(Core& core, const SetSubscription& set) {
  Subscription& subscription = core.subscriptions[set.slot];
  subscription = Subscription{};
  subscription.generation = set.generation;
  subscription.parameters = effective(set.parameters);
  subscription.rtx_sequence = set.parameters.first_rtx_sequence;
  subscription.forwarder.start(set.parameters);
  make_headers(subscription);
  enter_tables(core, set.slot);
  reset(core.board.subscriptions[set.slot]);
  core.board.subscriptions[set.slot].generation.set(set.generation);
  show_no_layer(core, set.slot);
}

// Numbers and SSRCs of a subscription stay; its source, layers and pause may change.
void change(Core& core, const SetSubscription& set) {
  Subscription& subscription = core.subscriptions[set.slot];
  const bool other_source = subscription.parameters.track != set.parameters.track;
  if (other_source) unlink_from_track(core, set.slot);
  subscription.parameters = effective(set.parameters);
  make_headers(subscription);
  if (other_source) {
    subscription.forwarder.replace_source();
    link_to_track(core, set.slot);
    show_no_layer(core, set.slot);
  }
  subscription.forwarder.set_limits(set.parameters);
}

}  // namespace

void enter_tables(Core& core, SubscriptionSlot slot) {
  const SubscriptionParameters& p = core.subscriptions[slot].parameters;
  link_to_endpoint(core, slot);
  link_to_track(core, slot);
  core.subscription_of.set(key_of(p.endpoint, p.ssrc), slot);
  if (p.rtx_ssrc != 0) core.subscription_of.set(key_of(p.endpoint, p.rtx_ssrc), slot);
  core.stats.subscriptions.add();
}

void make_headers(Subscription& subscription) {
  const SubscriptionParameters& p = subscription.parameters;
  rtp::HeaderTemplate::Parameters header{.ids = p.extensions, .mid = p.mid.view(), .rid = {}, .repaired_rid = {}};
  // One-byte ids and a MID of 16 bytes fit the template whatever else is in it; admission lets no other pass.
  if (const auto made = rtp::HeaderTemplate::make(header)) subscription.header = *made;
}

void detach(Core& core, SubscriptionSlot slot) {
  Subscription& subscription = core.subscriptions[slot];
  unlink_from_track(core, slot);
  subscription.parameters.track = kNoSlot;
  subscription.forwarder.replace_source();
  show_no_layer(core, slot);
}

void set_subscription(Core& core, const SetSubscription& set) {
  if (core.subscriptions[set.slot].generation == set.generation) {
    change(core, set);
  } else {
    begin(core, set);
  }
}

void remove_subscription(Core& core, SubscriptionSlot slot) {
  Subscription& subscription = core.subscriptions[slot];
  unlink_from_track(core, slot);
  unlink_from_endpoint(core, slot);
  const SubscriptionParameters& p = subscription.parameters;
  core.subscription_of.erase(key_of(p.endpoint, p.ssrc));
  if (p.rtx_ssrc != 0) core.subscription_of.erase(key_of(p.endpoint, p.rtx_ssrc));
  core.stats.subscriptions.sub();
  core.board.subscriptions[slot].generation.set(0);
  // Memory that was never used stays the kernel's.
  if (subscription.recorded) SentPackets({&core.sent[std::size_t{slot} * kSentRecords], kSentRecords}).clear();
  subscription = Subscription{};
}

}  // namespace penstock::sfu
