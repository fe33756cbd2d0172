#pragma once
// The scenarios, each a report of its own; bench/README.md says how to read them.

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "bench/load/sfu/run/options.h"

namespace penstock::load::sfu {

using Report = tl::expected<nlohmann::ordered_json, std::string>;

Report run_broadcast(const Options& options);
Report run_meetings(const Options& options);
Report run_churn(const Options& options);
Report run_floods(const Options& options);
Report run_memory(const Options& options);

}  // namespace penstock::load::sfu
