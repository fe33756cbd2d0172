#pragma once
// The transport of an endpoint as Penstock's control API has it (/v1, control/api/README.md).

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "bench/load/sfu/peer/parameters.h"

namespace penstock::load::peer {

/// The members ice_ufrag, ice_pwd, dtls_role and fingerprints of PUT .../endpoints/{endpoint}.
nlohmann::json to_ortc(const TransportParameters& local);
/// Out of the answer's member `local`. The error names what is missing.
tl::expected<TransportParameters, std::string> from_ortc(const nlohmann::json& local);

}  // namespace penstock::load::peer
