#pragma once
// What the workers show, turned into the model's state, events, totals and rates. Cheap when nothing has changed.

#include "control/rooms/batch.h"

namespace penstock::control::rooms {

/// Frees updates that were applied, and places whose removal was.
void reclaim(State& state, const UpdateSink& sink);

/// Dirty bits into state and events. Endpoints' deadlines follow their ICE state.
void scan(Batch& batch);
/// Of one endpoint and its subscriptions, dirty or not.
void scan(Batch& batch, Endpoint& endpoint);

/// Leases and endpoints whose time is up, as of the batch's time.
void expire(Batch& batch);
/// The association is over: `reason` into state and events; deletes the endpoint if it is to expire when lost.
void end_association(Batch& batch, Endpoint& endpoint, DtlsState state, std::string reason);

/// Goes on with the sample that is under way (State::sweep): counts into totals, and rates over the time since the last
/// one began. Looks at so many places at most; true when it is done.
bool sample(State& state, std::size_t most);

/// Tells the handshake threads, once per association, that authentic packets have come under its keys.
void settle(State& state, const UpdateSink& sink, Handshaker& handshaker);

}  // namespace penstock::control::rooms
