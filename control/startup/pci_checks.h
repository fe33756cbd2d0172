#pragma once
// May DPDK have the NICs that are configured by PCI address? Before they are opened, because DPDK's own answer to all
// of this is that there is no such device.

#include <span>
#include <string_view>
#include <vector>

#include "control/startup/findings.h"
#include "control/startup/host_roots.h"
#include "dataplane/port/dpdk/spec.h"

namespace penstock::control {

/// "01:00.0" with the domain that it leaves out: "0000:01:00.0".
std::string full_pci_address(std::string_view address);

/// Presence, driver, IOMMU and its groups of each device that is a PCI address.
std::vector<Finding> check_pci_devices(std::span<const port::DeviceSpec> devices, const HostRoots& roots = {});

}  // namespace penstock::control
