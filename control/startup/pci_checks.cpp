#include "control/startup/pci_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "control/startup/read_file.h"

namespace penstock::control {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVfio = "vfio-pci";
// Give the device as it is to user space.
constexpr std::array<std::string_view, 2> kUio = {"uio_pci_generic", "igb_uio"};
// The kernel's driver stays, and DPDK's works beside it.
constexpr std::array<std::string_view, 3> kBifurcated = {"mlx4_core", "mlx5_core", "mana"};
// May sit in the IOMMU group of a device that vfio gives away.
constexpr std::array<std::string_view, 4> kHarmless = {"", "vfio-pci", "pci-stub", "pcieport"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

// The kernel's interfaces of a device; virtio has them one floor below.
std::vector<std::string> interfaces_of(const fs::path& device) {
  std::vector<std::string> interfaces = names_in(device / "net");
  for (const std::string& child : names_in(device)) {
    if (!child.starts_with("virtio")) continue;
    for (std::string& name : names_in(device / child / "net")) interfaces.push_back(std::move(name));
  }
  return interfaces;
}

class PciCheck {
 public:
  PciCheck(std::string_view written, const HostRoots& roots, Findings& findings)
      : address_(full_pci_address(written)),
        roots_(roots),
        device_(roots.sys / "bus/pci/devices" / address_),
        findings_(findings) {}

  void run() {
    if (!fs::exists(device_)) {
      return findings_.refuse(fmt::format("this host has no PCI device {}", address_),
                              "'lspci -D' tells the addresses; one behind a bridge that is off shows up after "
                              "'echo 1 > /sys/bus/pci/rescan'");
    }
    const std::string driver = link_name(device_ / "driver");
    if (driver == kVfio) return check_vfio();
    if (is_one_of(kUio, driver)) {
      return findings_.note(fmt::format("{} lets the NIC {} write to all of the host's memory", driver, address_),
                            "where there is an IOMMU: " + bind_line());
    }
    if (!is_one_of(kBifurcated, driver)) refuse_driver(driver);
  }

 private:
  std::string bind_line() const {
    return fmt::format(
        "modprobe vfio-pci && dpdk-devbind.py -b vfio-pci {0} (until the next boot), or driverctl "
        "set-override {0} vfio-pci (for good)",
        address_);
  }

  void refuse_driver(const std::string& driver) {
    if (driver.empty()) {
      return findings_.refuse(fmt::format("the NIC {} has no driver that gives it to DPDK", address_), bind_line());
    }
    const std::vector<std::string> interfaces = interfaces_of(device_);
    std::string fix = bind_line();
    if (!interfaces.empty()) {
      fix = fmt::format("ip link set {0} down && {1}; or share it with the kernel: --port dpdk:net_af_xdp,iface={0}",
                        interfaces.front(), fix);
    }
    findings_.refuse(fmt::format("the NIC {}{} belongs to the kernel's driver {}, so DPDK cannot have it", address_,
                                 interfaces.empty() ? "" : fmt::format(" ({})", fmt::join(interfaces, ", ")), driver),
                     fix);
  }

  void check_vfio() {
    const fs::path group = device_ / "iommu_group";
    if (!fs::exists(group)) return without_iommu();
    if (read_file(group / "name") == "vfio-noiommu") return unprotected();
    for (const std::string& other : names_in(group / "devices")) {
      const std::string driver = link_name(roots_.sys / "bus/pci/devices" / other / "driver");
      if (is_one_of(kHarmless, driver)) continue;
      findings_.refuse(fmt::format("the NIC {} shares its IOMMU group with {}, which the kernel's driver {} has: vfio "
                                   "gives away all of a group or nothing",
                                   address_, other, driver),
                       fmt::format("bind {} to vfio-pci, too, or put the NIC into another slot", other));
    }
  }

  void without_iommu() {
    if (read_file(roots_.sys / "module/vfio/parameters/enable_unsafe_noiommu_mode") == "Y") return unprotected();
    const bool any = !names_in(roots_.sys / "kernel/iommu_groups").empty();
    findings_.refuse(
        any ? fmt::format("the NIC {} is behind no IOMMU, and vfio-pci needs one", address_)
            : std::string("the IOMMU is off, and vfio-pci needs it"),
        fmt::format(
            "switch on VT-d or AMD-Vi in the firmware and boot with intel_iommu=on (AMD: nothing more) iommu=pt; "
            "where there is none: dpdk-devbind.py -b uio_pci_generic {}",
            address_));
  }

  void unprotected() {
    findings_.warn(
        fmt::format("vfio without an IOMMU lets the NIC {} write to all of the host's memory", address_),
        "switch on VT-d or AMD-Vi in the firmware and boot with intel_iommu=on (AMD: nothing more) iommu=pt");
  }

  std::string address_;
  const HostRoots& roots_;
  fs::path device_;
  Findings& findings_;
};

}  // namespace

std::string full_pci_address(std::string_view address) {
  return (std::ranges::count(address, ':') < 2 ? "0000:" : "") + std::string(address);
}

std::vector<Finding> check_pci_devices(std::span<const port::DeviceSpec> devices, const HostRoots& roots) {
  Findings findings;
  for (const port::DeviceSpec& device : devices) {
    if (device.is_pci()) PciCheck(device.device(), roots, findings).run();
  }
  return findings.take();
}

}  // namespace penstock::control
