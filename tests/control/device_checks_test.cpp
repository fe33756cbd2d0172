#include "control/startup/device_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/startup/number_ranges.h"
#include "tests/control/host_tree.h"

namespace penstock::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A NIC and a host that are as they should be, for workers on cores 2 and 3.
struct Situation {
  DeviceFacts device;
  std::vector<std::uint32_t> cores = {2, 3};
  bool huge_pages = true;
  std::string isolated = "2-3\n";
  std::string without_tick = "2-3\n";
  unsigned kernel_queues = 2;
  std::string node0 = "0-7\n", node1 = "8-15\n";

  Situation() {
    device.name = "0000:01:00.0";
    device.interface = "pen0";
    device.mtu = 1500;
    device.rx_queues = device.tx_queues = 2;
    device.steering = port::Steering::rss;
    device.numa_node = 0;
  }
};

std::vector<Finding> findings(const Situation& situation) {
  const HostTree tree;
  tree.file("sys/devices/system/cpu/isolated", situation.isolated);
  tree.file("sys/devices/system/cpu/nohz_full", situation.without_tick);
  tree.file("sys/devices/system/node/node0/cpulist", situation.node0);
  tree.file("sys/devices/system/node/node1/cpulist", situation.node1);
  for (unsigned q = 0; q < situation.kernel_queues; ++q) {
    const std::string directory = "sys/class/net/" + situation.device.interface + "/queues/";
    tree.directory(directory + "rx-" + std::to_string(q));
    tree.directory(directory + "tx-" + std::to_string(q));
  }
  return check_devices({{&situation.device, 1}, situation.cores, situation.huge_pages, 700}, tree.roots());
}

struct Lacking {
  const char* name;
  void (*spoil)(Situation&);
  bool note;
  const char* what;
  const char* fix;
};

class LackingDevice : public testing::TestWithParam<Lacking> {};

TEST_P(LackingDevice, IsToldWithTheFixAndServes) {
  Situation situation;
  GetParam().spoil(situation);
  const auto found = findings(situation);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].refuse);
  EXPECT_EQ(found[0].note, GetParam().note);
  EXPECT_THAT(found[0].what, HasSubstr(GetParam().what));
  EXPECT_THAT(found[0].fix, HasSubstr(GetParam().fix));
}

void share(Situation& s) {
  s.device.name = s.device.interface = "eth1";
  s.device.shared = true;
  s.device.steering = port::Steering::software;
}

const Lacking kLacking[] = {
    {"link_down", [](Situation& s) { s.device.link_up = false; }, false, "0000:01:00.0 has no link", "cable"},
    {"shared_link_down", [](Situation& s) { share(s), s.device.link_up = false, s.cores = {2}; }, false,
     "eth1 has no link", "ip link set eth1 up"},
    {"one_queue", [](Situation& s) { s.device.rx_queues = 1, s.device.steering = port::Steering::software; }, false,
     "has 1 receive queue for 2 workers: worker 0 receives for all", "workers.count = 1, or a device with 2 queues"},
    {"few_queues", [](Situation& s) { s.cores = {2, 3, 2, 3}, s.device.steering = port::Steering::software; }, false,
     "has 2 receive queues for 4 workers: workers 0-1 receive for all", "workers.count = 2"},
    {"one_queue_of_an_interface", [](Situation& s) { share(s), s.device.rx_queues = 1; }, false,
     "eth1 has 1 receive queue", "ethtool -L eth1 combined 2"},
    {"one_transmit_queue", [](Situation& s) { s.device.tx_queues = 1; }, false, "1 transmit queue for 2 workers",
     "a device with 2 queues"},
    {"no_rss", [](Situation& s) { s.device.steering = port::Steering::software; }, true, "does not say that it hashes",
     "penstock_steering_handed_over_total"},
    {"unserved_queues", [](Situation& s) { share(s), s.cores = {2}, s.device.af_xdp = true, s.device.rx_queues = 1; },
     false, "eth1 has 2 receive queues and 1 can be served", "ethtool -L eth1 rx 1 tx 1"},
    {"stripped_vlan",
     [](Situation& s) { share(s), s.cores = {2}, s.device.strips_vlan = true, s.device.vlan_interface = "eth1.100"; },
     false, "cannot tell eth1.100 from eth1", "ethtool -K eth1 rxvlan off"},
    {"generic_xdp", [](Situation& s) { share(s), s.device.generic_xdp = true, s.cores = {2}; }, false,
     "eth1 has no XDP", "ethtool -i"},
    {"small_mtu", [](Situation& s) { s.device.mtu = 1400; }, false, "an MTU of 1400", "';mtu=1500' behind the device"},
    {"small_mtu_of_an_interface", [](Situation& s) { share(s), s.device.mtu = 1400, s.cores = {2}; }, false,
     "an MTU of 1400", "ip link set eth1 mtu 1500"},
    {"far_node", [](Situation& s) { s.device.numa_node = 1; }, false,
     "on NUMA node 1, and the workers' cores 2-3 are not", "workers.cores out of 8-15"},
    {"ordinary_pages", [](Situation& s) { s.huge_pages = false; }, false, "half the speed", "vm.nr_hugepages=358"},
    {"scheduled_cores", [](Situation& s) { s.isolated = "3\n"; }, true,
     "on the workers' cores 2:", "isolcpus=2 nohz_full=2"},
    {"ticking_cores", [](Situation& s) { s.without_tick = ""; }, true, "workers' cores 2-3", "nohz_full=2-3"},
};

INSTANTIATE_TEST_SUITE_P(, LackingDevice, testing::ValuesIn(kLacking), [](const auto& row) { return row.param.name; });

TEST(DeviceChecks, AGoodDeviceOnAGoodHostHasNone) {
  EXPECT_THAT(findings(Situation()), IsEmpty());
  EXPECT_THAT(check_devices({}), IsEmpty()) << "sockets have nothing to check";
}

TEST(DeviceChecks, OneWorkerNeedsNoSteering) {
  Situation situation;
  situation.cores = {2};
  situation.device.rx_queues = situation.device.tx_queues = 1;
  situation.device.steering = port::Steering::one_worker;
  EXPECT_THAT(findings(situation), IsEmpty());
}

TEST(DeviceChecks, AnUnknownNodeIsNoNode) {
  Situation situation;
  situation.device.numa_node = -1;
  EXPECT_THAT(findings(situation), IsEmpty());
  situation.device.numa_node = 5;
  EXPECT_THAT(findings(situation), IsEmpty()) << "a kernel without NUMA does not tell of nodes";
}

TEST(NumberRanges, AreReadAsTheKernelWritesThem) {
  EXPECT_THAT(parse_ranges("0-3,7,9-9"), ElementsAre(NumberRange{0, 3}, NumberRange{7, 7}, NumberRange{9, 9}));
  EXPECT_THAT(parse_ranges(""), IsEmpty());
  EXPECT_THAT(parse_ranges("-"), IsEmpty());
  EXPECT_THAT(parse_ranges("9-3,4-,99999999999999,(null),,5"), ElementsAre(NumberRange{5, 5}));
  EXPECT_TRUE(holds(parse_ranges("1-3,7"), 3));
  EXPECT_FALSE(holds(parse_ranges("1-3,7"), 4));
  EXPECT_EQ(to_text({7, 1, 3, 2}), "1-3,7");
  EXPECT_EQ(to_text({}), "");
}

}  // namespace
}  // namespace penstock::control
