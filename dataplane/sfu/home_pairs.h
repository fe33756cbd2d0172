#pragma once
// The pairs of an endpoint that is away, as its home knows them: the client's packets come in there and are handed
// over. Only the worker that the endpoint is on can tell an authentic packet from another, so home believes it alone.

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

// At the worker that the endpoint is on. Of an endpoint that is at home, nothing happens.

/// An authentic check came over the pair: home learns of a new one at once, of one it knows every second, whatever the
/// client sends.
void tell_home(Core& core, EndpointSlot slot, Pair& pair);
/// The pair ends.
void release_at_home(Core& core, const Endpoint& endpoint, const Pair& pair);
/// Part of the endpoint's turn: a pair over which nothing comes any more may become another's, at home as well.
void keep_home_informed(Core& core, EndpointSlot slot);

// At home.

/// What the above have sent.
void learn_pair(Core& core, const engine::Message& message);
/// The endpoint has gone away, and this pair was not given up there.
bool is_kept_for_another(const Endpoint& holder, const Pair& pair);

}  // namespace penstock::sfu
