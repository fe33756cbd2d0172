#pragma once
// SIGHUP: the same sources read again, all or nothing.

#include <memory>
#include <tl/expected.hpp>

#include "control/config/load.h"
#include "control/startup/host_addresses.h"
#include "turn/compiled_settings.h"

namespace penstock::control {

struct Reloaded {
  Config config;
  std::shared_ptr<const turn::CompiledSettings> settings;
};

/// Reads, checks and compiles. On error nothing has happened, and every problem is named.
tl::expected<Reloaded, Problems> reload(const Sources& sources, const std::vector<std::uint32_t>& allowed_cores,
                                        const turn::FixedSettings& fixed, const std::vector<HostAddress>& host);

/// The settings part alone: what both start and reload compile.
tl::expected<std::shared_ptr<const turn::CompiledSettings>, Problems> compile_settings(
    const Config& config, const turn::FixedSettings& fixed, const std::vector<HostAddress>& host);

}  // namespace penstock::control
