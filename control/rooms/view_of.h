#pragma once
// What GET shows of an object: the model and the worker's board put together.

#include "control/rooms/state.h"

namespace penstock::control::rooms {

RoomView view_of(const State& state, const Room& room, Now now);
EndpointView view_of(const State& state, const Endpoint& endpoint, const dtls::Fingerprint& ours, Now now);
TrackView view_of(const State& state, const Track& track);
SubscriptionView view_of(const State& state, const Subscription& subscription);

/// The board's entry, once the worker has applied that the place is of this use; nullptr before.
const sfu::EndpointStatus* status_of(const State& state, const Endpoint& endpoint);
const sfu::TrackStatus* status_of(const State& state, const Track& track);
const sfu::SubscriptionStatus* status_of(const State& state, const Subscription& subscription);

}  // namespace penstock::control::rooms
