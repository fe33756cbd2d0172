#pragma once
// What has to be done for an endpoint now and then: consent, feedback to what it publishes, reports.

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// A publisher's losses are asked for within this, everything else can wait.
inline constexpr std::uint64_t kPublisherTurnNs = 10'000'000;
inline constexpr std::uint64_t kTurnNs = 100'000'000;

/// Frees what the track's rings have kept long enough; returns how many are left.
std::uint32_t expire(Core& core, Track& track);

/// Starts an endpoint's turns.
void begin_turns(Core& core, EndpointSlot slot);

/// Endpoints whose turn has come, at most `budget`; true when more are due.
bool take_turns(Core& core, unsigned budget);

}  // namespace penstock::sfu
