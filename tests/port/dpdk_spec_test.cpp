#include <gmock/gmock.h>

#include "dataplane/port/dpdk/spec.h"

namespace penstock::port {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(DeviceSpec, ADeviceAloneIsEnough) {
  const auto pci = parse_device_spec("0000:01:00.0");
  ASSERT_TRUE(pci) << pci.error();
  EXPECT_TRUE(pci->is_pci());
  EXPECT_EQ(pci->device(), "0000:01:00.0");
  EXPECT_THAT(pci->kernel_interface(), IsEmpty());
  EXPECT_THAT(pci->addresses, IsEmpty());
  EXPECT_EQ(pci->mtu, 0);
  EXPECT_EQ(pci->queues, 0);
  for (const char* text : {"01:00.0", "af:1f.7", "10000:e1:00.0", "0000:01:00.0,dv_flow_en=1"}) {
    const auto spec = parse_device_spec(text);
    EXPECT_TRUE(spec && spec->is_pci()) << text;
  }
}

TEST(DeviceSpec, AKernelInterfaceIsFoundAmongTheArguments) {
  for (const char* text : {"net_af_xdp,iface=eth1", "net_af_xdp0,iface=eth1,start_queue=0",
                           "net_af_xdp,queue_count=2,iface=eth1", "net_af_packet,iface=eth1;queues=2"}) {
    const auto spec = parse_device_spec(text);
    ASSERT_TRUE(spec) << text << ": " << spec.error();
    EXPECT_FALSE(spec->is_pci());
    EXPECT_EQ(spec->kernel_interface(), "eth1") << text;
  }
}

TEST(DeviceSpec, EveryKey) {
  const std::string text =
      "net_memif,role=client,id=0;tap=relay0;address=192.0.2.1/24;address=2001:db8::1/64;gateway=192.0.2.254;"
      "gateway=2001:db8::fe;mtu=9000;queues=4";
  const auto spec = parse_device_spec(text);
  ASSERT_TRUE(spec) << spec.error();
  EXPECT_EQ(spec->text, text);
  EXPECT_EQ(spec->arguments, "net_memif,role=client,id=0");
  EXPECT_EQ(spec->device(), "net_memif");
  EXPECT_EQ(spec->tap, "relay0");
  ASSERT_EQ(spec->addresses.size(), 2U);
  EXPECT_EQ(to_string(spec->addresses[0]), "192.0.2.1/24");
  EXPECT_EQ(to_string(spec->addresses[1]), "2001:db8::1/64");
  ASSERT_EQ(spec->gateways.size(), 2U);
  EXPECT_EQ(spec->gateways[1], *net::parse_address("2001:db8::fe"));
  EXPECT_EQ(spec->mtu, 9000);
  EXPECT_EQ(spec->queues, 4);
}

TEST(DeviceSpec, MistakesAreNamed) {
  struct Case {
    const char* text;
    const char* says;
  };
  const Case cases[] = {
      {"", "neither a PCI address such as 0000:01:00.0 nor a DPDK device"},
      {"eth0", "'eth0' is neither"},
      {"00:0.1x", "neither"},
      {"0000:01:00", "neither"},
      {";mtu=1500", "'' is neither"},
      {"net_af_xdp", "'net_af_xdp' needs iface=NAME"},
      {"net_af_xdp,iface=", "'net_af_xdp' needs iface=NAME"},
      {"net_af_packet,queues=1", "'net_af_packet' needs iface=NAME"},
      {"net_memif;mtu", "'mtu' in 'net_memif;mtu' is not KEY=VALUE"},
      {"net_memif;", "'' in 'net_memif;' is not KEY=VALUE"},
      {"net_memif;colour=red", "'colour' is not a key: tap, address, gateway, mtu, queues are"},
      {"net_memif;mtu=1279", "mtu=1279: a number from 1280 to 9216 belongs here"},
      {"net_memif;mtu=9217", "mtu=9217: a number from 1280 to 9216"},
      {"net_memif;mtu=", "mtu=: a number"},
      {"net_memif;mtu=1500x", "mtu=1500x: a number"},
      {"net_memif;mtu=-1", "mtu=-1: a number"},
      {"net_memif;mtu=99999999999999999999", "a number from 1280"},
      {"net_memif;queues=0", "queues=0: a number from 1 to 128"},
      {"net_memif;queues=129", "queues=129: a number from 1 to 128"},
      {"net_memif;tap=", "tap=: an interface name has 1 to 15 characters and no slash"},
      {"net_memif;tap=sixteen-letters-!", "tap=sixteen-letters-!: an interface name has 1 to 15"},
      {"net_memif;tap=a/b", "tap=a/b: an interface name"},
      {"net_memif;address=192.0.2.1/33", "prefix length must be a number from 0 to 32"},
      {"net_memif;address=192.0.2", "192.0.2"},
      {"net_memif;gateway=nobody", "nobody"},
      {"net_af_xdp,iface=eth0;address=192.0.2.1/24", "the kernel sees eth0 itself"},
      {"net_af_xdp,iface=eth0;gateway=192.0.2.2", "the kernel sees eth0 itself"},
      {"net_af_packet,iface=eth0;tap=pen0", "the kernel sees eth0 itself"},
  };
  for (const Case& c : cases) {
    const auto spec = parse_device_spec(c.text);
    ASSERT_FALSE(spec) << c.text;
    EXPECT_THAT(spec.error(), HasSubstr(c.says)) << c.text;
  }
}

}  // namespace
}  // namespace penstock::port
