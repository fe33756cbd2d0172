#pragma once
// Results for people (a table) and for programs (JSON; its schema is documented in bench/README.md).

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "bench/load/turn/options.h"
#include "bench/load/turn/results.h"

namespace penstock::load {

nlohmann::ordered_json to_json(const Options& options, const RelayResult& result);
nlohmann::ordered_json to_json(const Options& options, const AllocationResult& result);
nlohmann::ordered_json to_json(const Options& options, const HoldResult& result);

/// Nested objects flattened to "relay.to_peer.sent", one line each, aligned.
std::string to_table(const nlohmann::ordered_json& report);

/// Writes to a file, or to standard output if the name is "-".
tl::expected<void, std::string> write_json(const nlohmann::ordered_json& report, const std::string& name);

}  // namespace penstock::load
