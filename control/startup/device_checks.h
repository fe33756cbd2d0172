#pragma once
// Do the devices and this host give what the configuration asks of them? Once the devices have started; nothing found
// here keeps the relay from working.

#include <cstdint>
#include <span>
#include <vector>

#include "control/startup/device_facts.h"
#include "control/startup/findings.h"
#include "control/startup/host_roots.h"

namespace penstock::control {

struct DeviceCheckInput {
  std::span<const DeviceFacts> devices;
  std::span<const std::uint32_t> cores;  ///< one per worker
  bool huge_pages = true;                ///< that pools are made of
  unsigned memory_mb = 0;                ///< of the pools
};

/// Link, queues, steering, XDP, MTU and NUMA of each device; huge pages; isolation of the cores.
std::vector<Finding> check_devices(const DeviceCheckInput& input, const HostRoots& roots = {});

}  // namespace penstock::control
