#include "control/startup/pci_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/host_tree.h"

namespace penstock::control {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kNic = "0000:01:00.0";

std::vector<Finding> findings(const HostTree& tree, const char* device = kNic) {
  return check_pci_devices(std::vector{*port::parse_device_spec(device)}, tree.roots());
}

enum class Weight : std::uint8_t { refusal, warning, note };

struct Trouble {
  const char* name;
  void (*make)(const HostTree&);
  Weight weight;
  const char* what;
  const char* fix;
};

class NicInTrouble : public testing::TestWithParam<Trouble> {};

TEST_P(NicInTrouble, IsToldWithTheFix) {
  const HostTree tree;
  GetParam().make(tree);
  const auto found = findings(tree);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].refuse, GetParam().weight == Weight::refusal);
  EXPECT_EQ(found[0].note, GetParam().weight == Weight::note);
  EXPECT_THAT(found[0].what, HasSubstr(GetParam().what));
  EXPECT_THAT(found[0].fix, HasSubstr(GetParam().fix));
}

const Trouble kTroubles[] = {
    {"absent", [](const HostTree&) {}, Weight::refusal, "no PCI device 0000:01:00.0", "lspci -D"},
    {"unbound", [](const HostTree& t) { t.nic(kNic, ""); }, Weight::refusal, "has no driver that gives it to DPDK",
     "dpdk-devbind.py -b vfio-pci 0000:01:00.0"},
    {"of_the_kernel",
     [](const HostTree& t) {
       t.nic(kNic, "ixgbe");
       t.directory("sys/bus/pci/devices/0000:01:00.0/net/eth1");
     },
     Weight::refusal, "0000:01:00.0 (eth1) belongs to the kernel's driver ixgbe",
     "ip link set eth1 down && modprobe vfio-pci && dpdk-devbind.py -b vfio-pci 0000:01:00.0"},
    {"shareable",
     [](const HostTree& t) {
       t.nic(kNic, "ixgbe");
       t.directory("sys/bus/pci/devices/0000:01:00.0/net/eth1");
     },
     Weight::refusal, "ixgbe", "dpdk:net_af_xdp,iface=eth1"},
    {"virtio_of_the_kernel",
     [](const HostTree& t) {
       t.nic(kNic, "virtio-pci");
       t.directory("sys/bus/pci/devices/0000:01:00.0/virtio3/net/eth0");
     },
     Weight::refusal, "0000:01:00.0 (eth0) belongs to the kernel's driver virtio-pci",
     "driverctl set-override 0000:01:00.0 vfio-pci"},
    {"without_interface", [](const HostTree& t) { t.nic(kNic, "virtio-pci"); }, Weight::refusal,
     "0000:01:00.0 belongs to the kernel's driver virtio-pci", "modprobe vfio-pci && dpdk-devbind.py"},
    {"iommu_off", [](const HostTree& t) { t.nic(kNic, "vfio-pci"); }, Weight::refusal, "the IOMMU is off",
     "intel_iommu=on"},
    {"not_behind_the_iommu",
     [](const HostTree& t) {
       t.nic(kNic, "vfio-pci");
       t.nic("0000:02:00.0", "", 3);
     },
     Weight::refusal, "behind no IOMMU", "uio_pci_generic 0000:01:00.0"},
    {"iommu_off_but_unsafe_allowed",
     [](const HostTree& t) {
       t.nic(kNic, "vfio-pci");
       t.file("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
     },
     Weight::warning, "write to all of the host's memory", "intel_iommu=on"},
    {"group_of_noiommu",
     [](const HostTree& t) {
       t.nic(kNic, "vfio-pci", 0);
       t.file("sys/kernel/iommu_groups/0/name", "vfio-noiommu\n");
     },
     Weight::warning, "vfio without an IOMMU", "VT-d"},
    {"shared_group",
     [](const HostTree& t) {
       t.nic(kNic, "vfio-pci", 7);
       t.nic("0000:01:00.1", "ixgbe", 7);
     },
     Weight::refusal, "shares its IOMMU group with 0000:01:00.1, which the kernel's driver ixgbe has",
     "bind 0000:01:00.1 to vfio-pci, too"},
    {"uio", [](const HostTree& t) { t.nic(kNic, "uio_pci_generic"); }, Weight::note, "uio_pci_generic lets the NIC",
     "vfio-pci"},
};

INSTANTIATE_TEST_SUITE_P(, NicInTrouble, testing::ValuesIn(kTroubles), [](const auto& row) { return row.param.name; });

TEST(PciChecks, ANicThatDpdkCanHaveIsFine) {
  const HostTree tree;
  tree.nic(kNic, "vfio-pci", 1);
  tree.nic("0000:01:00.1", "vfio-pci", 1);
  tree.nic("0000:00:1c.0", "pcieport", 1);
  EXPECT_THAT(findings(tree), IsEmpty());
  EXPECT_THAT(findings(tree, "01:00.0,rx_vec=1"), IsEmpty()) << "without the domain, with arguments of the driver";
}

TEST(PciChecks, BifurcatedDriversStay) {
  for (const char* driver : {"mlx4_core", "mlx5_core", "mana"}) {
    const HostTree tree;
    tree.nic(kNic, driver);
    EXPECT_THAT(findings(tree), IsEmpty()) << driver;
  }
}

TEST(PciChecks, OtherDevicesAreNotLookedFor) {
  EXPECT_THAT(findings(HostTree(), "net_memif,role=client,id=0"), IsEmpty());
  EXPECT_THAT(findings(HostTree(), "net_af_xdp,iface=eth1"), IsEmpty());
}

}  // namespace
}  // namespace penstock::control
