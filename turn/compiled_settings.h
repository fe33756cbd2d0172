#pragma once
// Settings as workers use them: checked and compiled once by control, immutable, shared by all workers.

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "turn/guard/credentials.h"
#include "turn/guard/peer_policy.h"
#include "turn/settings.h"

namespace penstock::turn {

struct CompiledSettings {
  Settings settings;
  std::shared_ptr<const Credentials> credentials;
  PeerPolicy policy;
};

/// The error is a sentence that says which value cannot be used and why.
tl::expected<std::shared_ptr<const CompiledSettings>, std::string> compile(const Settings& settings,
                                                                           const FixedSettings& fixed);

}  // namespace penstock::turn
