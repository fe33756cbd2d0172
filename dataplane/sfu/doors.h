#pragma once
// Media endpoints of other workers, as this worker's port knows them: to send from, not to receive on.

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// An endpoint of worker `worker`, by its number there, as this worker's port knows it; kNoLocal when there is none.
net::LocalId door_here(Core& core, std::uint16_t worker, net::LocalId local);

/// The other way round: the number that the worker `worker` has for what is `local` here; kNoLocal when it is not its.
net::LocalId door_there(const Core& core, std::uint16_t worker, net::LocalId local);

}  // namespace penstock::sfu
