#pragma once
// Does this host give what the configuration wants? Each finding comes with its fix in one line.

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/config/config.h"
#include "control/startup/host_facts.h"

namespace penstock::control {

/// The configuration with wildcards and defaults resolved against the host.
struct Plan {
  std::vector<net::Endpoint> listen;
  std::vector<turn::RelayAddress> relay;
  std::vector<std::uint32_t> cores;  ///< one per worker
};
Plan make_plan(const Config& config, const HostFacts& facts, const std::vector<std::uint32_t>& allowed_cores);
/// The cores of Plan::cores alone.
std::vector<std::uint32_t> plan_cores(const WorkersSection& workers, const std::vector<std::uint32_t>& allowed_cores);
/// Every address that endpoints may be bound on, once.
std::vector<net::Address> bound_addresses(const Plan& plan);
/// Whether the ports are DPDK devices.
bool uses_dpdk(const Config& config);

struct Finding {
  bool refuse = false;  ///< the relay could not work; otherwise a warning
  std::string what;
  std::string fix;
};

std::vector<Finding> check_host(const Config& config, const Plan& plan, const HostFacts& facts);

/// Whether each endpoint can be had for oneself. Workers share theirs with each other, so without this a second
/// penstockd would quietly share them, too. The error is a sentence.
tl::expected<void, std::string> probe_listeners(const std::vector<net::Endpoint>& listen);

/// A warning when others may read a configuration that holds passwords.
std::vector<Finding> check_secrecy(const std::string& file);

/// Descriptors that the planned allocations can take at most, and everything else.
std::uint64_t descriptors_wanted(const Config& config, const Plan& plan);

}  // namespace penstock::control
