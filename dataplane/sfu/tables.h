#pragma once
// Entries of a worker's tables come and go, one function per operation of an update.

#include "dataplane/sfu/core.h"
#include "dataplane/sfu/update.h"

namespace penstock::sfu {

void add_endpoint(Core& core, const AddEndpoint& add);
void remove_endpoint(Core& core, EndpointSlot slot);
void restart_ice(Core& core, const RestartIce& restart);
void install_keys(Core& core, const InstallKeys& keys);
void limit_publisher(Core& core, const LimitPublisher& limit);

void set_track(Core& core, const SetTrack& set);
void remove_track(Core& core, TrackSlot slot);
/// SSRCs that signaling named need not be learned.
void announce_streams(Core& core, TrackSlot slot);

/// The numbers of the track's encoding begin anew.
void restart_subscriptions(Core& core, TrackSlot track, std::uint32_t encoding);

void set_subscription(Core& core, const SetSubscription& set);
void remove_subscription(Core& core, SubscriptionSlot slot);

}  // namespace penstock::sfu
