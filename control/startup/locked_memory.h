#pragma once
// Memory that a NIC writes to is pinned, and a process may pin as much as RLIMIT_MEMLOCK says.

#include <cstdint>
#include <span>
#include <vector>

#include "control/startup/findings.h"
#include "dataplane/port/dpdk/spec.h"

namespace penstock::control {

struct LockLimit {
  std::uint64_t bytes = UINT64_MAX;  ///< RLIMIT_MEMLOCK
  bool lifted = false;               ///< CAP_IPC_LOCK
};
LockLimit read_lock_limit();

/// A refusal when a NIC by PCI address, or AF_XDP, could not pin the pools. `memory_mb`: of all pools.
std::vector<Finding> check_locked_memory(std::span<const port::DeviceSpec> devices, unsigned memory_mb,
                                         const LockLimit& limit);

}  // namespace penstock::control
