#pragma once
// Who takes part in a trial.

#include <string>
#include <vector>

#include "tests/turn/model/trial.h"

namespace penstock::turn::test {

/// Four users at eight addresses: ada and bob with passwords, carol with ephemeral credentials, twice.
std::vector<Actor> cast(std::uint16_t workers);
std::vector<net::Endpoint> cast_of_peers();
/// One that no configuration here allows.
net::Endpoint denied_peer(net::Family family);
/// The bed they meet on.
BedOptions stage(const TrialOptions& options);
/// What the model is told of it.
ModelLimits limits_of(const BedOptions& options);

}  // namespace penstock::turn::test
