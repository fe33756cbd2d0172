#pragma once
// DPDK's environment (EAL): memory for pools and rings, and the PCI devices it may touch. Once per process.

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace penstock::net {

struct EnvironmentOptions {
  /// Bounds all pools and rings.
  unsigned memory_mb = 64;
  /// Pages from the kernel's reserved huge pages: about twice as fast, and what PCI devices need. False: ordinary
  /// pages, without privileges.
  bool huge_pages = false;
  /// Devices that may be opened, as DPDK's device arguments ("0000:01:00.0,..."). Every other PCI device is left alone.
  std::vector<std::string> pci_devices = {};
};

/// Starts it; without PCI devices and huge pages no root is needed (DESIGN.md, decision 1). Later calls are fine and
/// change nothing. The error is a sentence that says what to do.
tl::expected<void, std::string> start_environment(const EnvironmentOptions& options);

/// The same with ordinary pages.
tl::expected<void, std::string> start_environment(unsigned memory_mb);

}  // namespace penstock::net
