#pragma once
// An endpoint that only receives goes to another worker, without a packet lost (dataplane/sfu/transfer.h):
//   begin_move      a place for it and its subscriptions there, and the mirrors that they will need
//   advance_moves   once all workers have those, the old one is told to pack; once the new one has unpacked, the model
//                   follows, and the old places are given back
// Meanwhile the endpoint does not change: whoever wants that is told to try again. Tracks that it watches may end.

#include <tl/expected.hpp>
#include <vector>

#include "control/rooms/batch.h"
#include "control/rooms/error.h"

namespace penstock::control::rooms {

/// `busy` while it is on its way, or while any endpoint of the room is.
tl::expected<void, Error> check_not_moving(const Endpoint& endpoint);
tl::expected<void, Error> check_not_moving(const State& state, const Room& room);

/// `worker` is there, and not the endpoint's. Errors: `conflict` when it publishes or has no keys yet; `limit` or
/// `busy` when there is no place for it.
tl::expected<void, Error> begin_move(Batch& batch, Endpoint& endpoint, std::uint16_t worker);

/// Takes every move as far as the workers are. Returns what came in for endpoints that have arrived, to be looked at
/// when the batch is committed.
std::vector<dtls::Report> advance_moves(Batch& batch, const UpdateSink& sink);

}  // namespace penstock::control::rooms
