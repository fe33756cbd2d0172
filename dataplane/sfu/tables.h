#pragma once
// Entries of a worker's tables come and go, one function per operation of an update. Those that take work spend it;
// with an answer: false when it was spent before they were through, to be called again in the next pass.

#include "dataplane/sfu/core.h"
#include "dataplane/sfu/update.h"
#include "dataplane/sfu/work.h"

namespace penstock::sfu {

void add_endpoint(Core& core, const AddEndpoint& add);
/// Checks that name its fragment are its.
void enter_fragment(Core& core, EndpointSlot slot);
bool remove_endpoint(Core& core, EndpointSlot slot, Work& work);
void restart_ice(Core& core, const RestartIce& restart);
void install_keys(Core& core, const InstallKeys& keys, Work& work);
void limit_publisher(Core& core, const LimitPublisher& limit);

void set_track(Core& core, const SetTrack& set);
/// Until it is gone, media goes on to those subscriptions that still refer to it.
bool remove_track(Core& core, TrackSlot slot, Work& work);
/// SSRCs that signaling named need not be learned.
void announce_streams(Core& core, TrackSlot slot);

/// A subscription that is filled in: to the lists of its track and its endpoint, and found by its SSRCs.
void enter_tables(Core& core, SubscriptionSlot slot);
void set_subscription(Core& core, const SetSubscription& set);
void remove_subscription(Core& core, SubscriptionSlot slot);

}  // namespace penstock::sfu
