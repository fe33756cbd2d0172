#include "control/startup/huge_pages.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>

namespace penstock::control {

// /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages
std::uint64_t free_huge_pages_mb() {
  constexpr std::string_view kPrefix = "hugepages-";
  std::uint64_t total_kb = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", error)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t size_kb = 0;
    if (!name.starts_with(kPrefix)) continue;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), size_kb);
    std::uint64_t free = 0;
    std::ifstream(entry.path() / "free_hugepages") >> free;
    total_kb += free * size_kb;
  }
  return total_kb / 1024;
}

tl::expected<bool, std::string> choose_huge_pages(HugePages wish, unsigned memory_mb, bool pci_devices) {
  if (wish == HugePages::off) {
    if (!pci_devices) return false;
    return tl::unexpected(std::string("a NIC by PCI address needs huge pages; dpdk.huge_pages = \"auto\""));
  }
  const std::uint64_t free_mb = free_huge_pages_mb();
  if (free_mb >= memory_mb) return true;
  if (wish == HugePages::automatic && !pci_devices) return false;
  return tl::unexpected(fmt::format("{} MB of huge pages are free, and {} are needed{}; sysctl -w vm.nr_hugepages={}",
                                    free_mb, memory_mb, pci_devices ? " for a NIC by PCI address" : "",
                                    (memory_mb + 1) / 2 + 8));
}

}  // namespace penstock::control
