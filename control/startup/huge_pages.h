#pragma once
// Whether DPDK's memory comes from the kernel's huge pages.

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "control/config/config.h"

namespace penstock::control {

/// Free huge pages of all sizes, in MB.
std::uint64_t free_huge_pages_mb();

/// True for huge pages. The error is a sentence with the command that reserves them: when they are asked for, or a PCI
/// device needs them, and there are not enough.
tl::expected<bool, std::string> choose_huge_pages(HugePages wish, unsigned memory_mb, bool pci_devices);

}  // namespace penstock::control
