#pragma once
// Does this host give what the configuration wants? Each finding comes with its fix in one line.

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/config/config.h"
#include "control/startup/findings.h"
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

std::vector<Finding> check_host(const Config& config, const Plan& plan, const HostFacts& facts);

/// Kernel sockets on endpoints, which nobody reads.
class HeldEndpoints {
 public:
  HeldEndpoints() = default;
  HeldEndpoints(HeldEndpoints&&) = default;
  HeldEndpoints& operator=(HeldEndpoints&&) = delete;
  ~HeldEndpoints() { let_go(); }
  void add(int descriptor) { descriptors_.push_back(descriptor); }
  void let_go();

 private:
  std::vector<int> descriptors_;
};

/// Takes each endpoint for oneself, as long as the result lives; the error is a sentence. Workers share their sockets
/// with each other, so without this a second penstockd would quietly share them, too; and ports that bypass the kernel
/// are taken in its eyes only by this.
tl::expected<HeldEndpoints, std::string> hold_listeners(const std::vector<net::Endpoint>& listen);

/// A refusal for each kernel interface that is to be shared and does not exist, in this network namespace.
std::vector<Finding> check_shared_interfaces(const std::vector<port::DeviceSpec>& devices);

/// A warning when others may read a configuration that holds passwords.
std::vector<Finding> check_secrecy(const std::string& file);

/// Descriptors that the planned allocations can take at most, and everything else.
std::uint64_t descriptors_wanted(const Config& config, const Plan& plan);

}  // namespace penstock::control
