#include "dataplane/port/kernel/kernel_mirror.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/port/network_namespace.h"

namespace penstock::port {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

net::Address address(std::string_view text) {
  return *net::parse_address(text);
}

const net::Address kAny4 = net::Address::v4(0);

/// The relay's host with one device, eth0 (192.0.2.1/24, 2001:db8::1/64), and a far host on its link (.2).
class KernelMirrorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!enter_new_network()) GTEST_SKIP() << "needs the privilege to make network namespaces";
    far_ = std::make_unique<FarHost>();
    ASSERT_TRUE(far_->connect("eth0", "far0"));
    ASSERT_TRUE(far_->run("ip link set far0 address 02:00:00:00:00:22"));
    // Neighbours are given up in well under a second instead of several.
    ASSERT_TRUE(
        run("for family in ipv4 ipv6; do cd /proc/sys/net/$family/neigh/eth0 && echo 100 >retrans_time_ms"
            " && echo 1 >delay_first_probe_time && echo 1000 >base_reachable_time_ms; done"));
    ASSERT_TRUE(run("ip addr add 192.0.2.1/24 dev eth0 && ip addr add 2001:db8::1/64 dev eth0 nodad"));
    ASSERT_TRUE(far_->run("ip addr add 192.0.2.2/24 dev far0 && ip addr add 2001:db8::2/64 dev far0 nodad"));
    start({"eth0"});
  }

  void start(const std::vector<std::string>& interfaces) {
    view_.reset();
    mirror_.reset();
    std::vector<MirrorDevice> devices;
    for (const std::string& name : interfaces) {
      devices.push_back({.device = static_cast<std::uint16_t>(devices.size()), .interface = name});
    }
    auto mirror = KernelMirror::create(std::move(devices), 1);
    ASSERT_TRUE(mirror) << mirror.error();
    mirror_ = std::move(*mirror);
    auto view = mirror_->create_view();
    ASSERT_TRUE(view) << view.error();
    view_ = std::move(*view);
  }

  /// The hop of a destination, in use from now on; nullptr without path.
  const Hop* hop_to(std::string_view destination, const net::Address& source = kAny4) {
    view_->refresh();
    return view_->hop(view_->resolve(source, address(destination)));
  }
  std::string gateway_to(std::string_view destination) {
    const Hop* hop = hop_to(destination);
    return hop == nullptr ? "none" : net::to_string(hop->key.neighbour);
  }
  NoPath refusal(std::string_view destination) {
    view_->refresh();
    return view_->resolve(kAny4, address(destination)) == net::kNoPath ? view_->why_no_path() : NoPath::none;
  }
  bool becomes(std::string_view destination, HopState state) {
    return eventually([&] {
      const Hop* hop = hop_to(destination);
      return hop != nullptr && hop->load_link().state() == state;
    });
  }
  std::string mac_of(std::string_view destination) {
    const net::MacAddress m = hop_to(destination)->load_link().mac();
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", m[0], m[1], m[2], m[3], m[4], m[5]);
  }

  std::unique_ptr<FarHost> far_;
  std::unique_ptr<KernelMirror> mirror_;
  std::unique_ptr<ForwardingView> view_;
};

TEST_F(KernelMirrorTest, DestinationsOnTheLinkAreTheirOwnNextHop) {
  EXPECT_EQ(gateway_to("192.0.2.2"), "192.0.2.2");
  EXPECT_EQ(gateway_to("2001:db8::2"), "2001:db8::2");
  EXPECT_EQ(refusal("198.51.100.1"), NoPath::no_route);
  EXPECT_EQ(refusal("192.0.2.1"), NoPath::local);
  EXPECT_EQ(refusal("127.0.0.5"), NoPath::local);
  EXPECT_EQ(refusal("192.0.2.255"), NoPath::not_unicast);
  EXPECT_EQ(refusal("ff02::1"), NoPath::not_unicast);
}

TEST_F(KernelMirrorTest, RoutesAppearChangeAndVanish) {
  ASSERT_TRUE(run("ip route add 198.51.100.0/24 via 192.0.2.2"));
  EXPECT_TRUE(eventually([&] { return gateway_to("198.51.100.7") == "192.0.2.2"; }));
  ASSERT_TRUE(run("ip route add 198.51.100.7 via 192.0.2.9"));
  EXPECT_TRUE(eventually([&] { return gateway_to("198.51.100.7") == "192.0.2.9"; }));
  EXPECT_EQ(gateway_to("198.51.100.8"), "192.0.2.2");
  ASSERT_TRUE(run("ip route replace 198.51.100.7 via 192.0.2.10"));
  EXPECT_TRUE(eventually([&] { return gateway_to("198.51.100.7") == "192.0.2.10"; }));
  ASSERT_TRUE(run("ip route replace unreachable 198.51.100.7"));
  EXPECT_TRUE(eventually([&] { return refusal("198.51.100.7") == NoPath::no_route; }));
  ASSERT_TRUE(run("ip route del unreachable 198.51.100.7 && ip route del 198.51.100.0/24"));
  EXPECT_TRUE(eventually([&] { return refusal("198.51.100.8") == NoPath::no_route; }));

  ASSERT_TRUE(run("ip -6 route add default via 2001:db8::2"));
  EXPECT_TRUE(eventually([&] { return gateway_to("2001:db8:ffff::7") == "2001:db8::2"; }));
  EXPECT_EQ(refusal("198.51.100.8"), NoPath::no_route) << "IPv4 by IPv6's default route";
  ASSERT_TRUE(run("ip -4 route add default via inet6 2001:db8::2 dev eth0"));
  EXPECT_TRUE(eventually([&] { return gateway_to("198.51.100.8") == "2001:db8::2"; }));
  ASSERT_TRUE(run("ip addr del 192.0.2.1/24 dev eth0"));
  EXPECT_TRUE(eventually([&] { return refusal("192.0.2.2") == NoPath::no_route; }))
      << "with the last address the kernel takes all routes of its family away, and says so of none";
}

TEST_F(KernelMirrorTest, TheLowestMetricAndTheLocalTableWin) {
  ASSERT_TRUE(run("ip route add 198.51.100.0/24 via 192.0.2.2 metric 200"));
  ASSERT_TRUE(run("ip route add 198.51.100.0/24 via 192.0.2.3 metric 100"));
  EXPECT_TRUE(eventually([&] { return gateway_to("198.51.100.7") == "192.0.2.3"; }));
  ASSERT_TRUE(run("ip route del 198.51.100.0/24 metric 100"));
  EXPECT_TRUE(eventually([&] { return gateway_to("198.51.100.7") == "192.0.2.2"; }));
  ASSERT_TRUE(run("ip route add 127.0.0.99 via 192.0.2.2 && ip route add 203.0.113.0/24 via 192.0.2.2 mtu 1400"));
  EXPECT_TRUE(eventually([&] { return gateway_to("203.0.113.1") == "192.0.2.2"; }));
  EXPECT_EQ(refusal("127.0.0.99"), NoPath::local);
  EXPECT_EQ(view_->mtu(*hop_to("203.0.113.1")), 1400U);
  EXPECT_EQ(view_->mtu(*hop_to("198.51.100.7")), 1500U);
  ASSERT_TRUE(run("ip link set eth0 mtu 1300"));
  EXPECT_TRUE(eventually([&] { return view_->mtu(*hop_to("203.0.113.1")) == 1300; }));
}

TEST_F(KernelMirrorTest, EqualCostWaysAreChosenByFlow) {
  ASSERT_TRUE(run("ip route add 198.51.100.0/24 nexthop via 192.0.2.2 weight 1 nexthop via 192.0.2.3 weight 3"));
  ASSERT_TRUE(eventually([&] { return hop_to("198.51.100.1") != nullptr; }));
  unsigned second = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto source = net::Address::v4(0xc0000201 + i);
    const std::string gateway = net::to_string(hop_to("198.51.100.1", source)->key.neighbour);
    EXPECT_EQ(net::to_string(hop_to("198.51.100.1", source)->key.neighbour), gateway) << "a flow keeps its way";
    second += gateway == "192.0.2.3";
  }
  EXPECT_NEAR(second, 750, 75);
  ASSERT_TRUE(run("ip nexthop add id 1 via 192.0.2.4 dev eth0 && ip route replace 198.51.100.0/24 nhid 1"));
  EXPECT_TRUE(eventually([&] { return gateway_to("198.51.100.1") == "192.0.2.4"; }));
}

TEST_F(KernelMirrorTest, OnlyOurInterfacesAreForwardedOn) {
  ASSERT_TRUE(far_->connect("mgmt", "far1") && run("ip addr add 10.9.0.1/24 dev mgmt"));
  EXPECT_TRUE(eventually([&] { return refusal("10.9.0.2") == NoPath::not_ours; }));
  EXPECT_EQ(refusal("10.9.0.1"), NoPath::local);
}

TEST_F(KernelMirrorTest, VlansAreInterfacesOfTheirDevice) {
  if (!run("ip link add link eth0 name eth0.7 type vlan id 7 2>/dev/null")) {
    GTEST_SKIP() << "this kernel has no VLANs (CONFIG_VLAN_8021Q)";
  }
  ASSERT_TRUE(run("ip addr add 10.7.0.1/24 dev eth0.7 && ip link set eth0.7 up"));
  ASSERT_TRUE(
      far_->run("ip link add link far0 name far0.7 type vlan id 7 && ip addr add 10.7.0.2/24 dev far0.7"
                " && ip link set far0.7 up"));
  ASSERT_TRUE(becomes("10.7.0.2", HopState::reachable));
  const Interface& vlan = view_->interface(*hop_to("10.7.0.2"));
  EXPECT_EQ(vlan.vlan, 7);
  EXPECT_EQ(vlan.device, 0);
  EXPECT_EQ(view_->interface(*hop_to("192.0.2.2")).vlan, net::kNoVlan);
  ASSERT_TRUE(run("ip link del eth0.7"));
  EXPECT_TRUE(eventually([&] { return refusal("10.7.0.2") == NoPath::no_route; }));
  EXPECT_FALSE(vlan.up.load());
  ASSERT_TRUE(
      run("ip link add link eth0 name again type vlan id 7 && ip addr add 10.7.0.1/24 dev again"
          " && ip link set again up"));
  ASSERT_TRUE(becomes("10.7.0.2", HopState::reachable));
  EXPECT_EQ(&view_->interface(*hop_to("10.7.0.2")), &vlan);
  const auto facts = mirror_->interfaces();
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_EQ(facts[1].name, "again");
  EXPECT_EQ(facts[1].vlan, 7);
}

TEST_F(KernelMirrorTest, TheKernelResolvesNeighbours) {
  for (const char* neighbour : {"192.0.2.2", "2001:db8::2"}) {
    ASSERT_TRUE(becomes(neighbour, HopState::reachable)) << neighbour;
    EXPECT_EQ(mac_of(neighbour), "02:00:00:00:00:22");
  }
  EXPECT_TRUE(becomes("192.0.2.77", HopState::failed)) << "nobody there";
  EXPECT_TRUE(eventually([&] {
    const auto& neighbours = mirror_->counters().neighbours;
    return neighbours[static_cast<std::size_t>(HopState::reachable)].get() == 2 &&
           neighbours[static_cast<std::size_t>(HopState::failed)].get() == 1;
  }));
}

TEST_F(KernelMirrorTest, AVanishedNeighbourFailsAndComesBack) {
  for (const char* neighbour : {"192.0.2.2", "2001:db8::2"}) {
    ASSERT_TRUE(becomes(neighbour, HopState::reachable)) << neighbour;
  }
  // The link stays up, the host falls silent.
  ASSERT_TRUE(far_->run("ip addr flush dev far0"));
  for (const char* neighbour : {"192.0.2.2", "2001:db8::2"}) EXPECT_TRUE(becomes(neighbour, HopState::failed));
  ASSERT_TRUE(far_->run("ip addr add 192.0.2.2/24 dev far0 && ip addr add 2001:db8::2/64 dev far0 nodad"));
  for (const char* neighbour : {"192.0.2.2", "2001:db8::2"}) EXPECT_TRUE(becomes(neighbour, HopState::reachable));
}

TEST_F(KernelMirrorTest, ANewMacAddressIsFollowed) {
  ASSERT_TRUE(becomes("192.0.2.2", HopState::reachable));
  ASSERT_TRUE(far_->run("ip link set far0 address 02:00:00:00:00:77"));
  EXPECT_TRUE(eventually([&] { return mac_of("192.0.2.2") == "02:00:00:00:00:77"; }));
  run("ip neigh flush dev eth0");  // fails when the mirror asks anew faster than it flushes
  EXPECT_TRUE(becomes("192.0.2.2", HopState::reachable));
}

TEST_F(KernelMirrorTest, ALinkThatIsDownHasNoUsableHops) {
  ASSERT_TRUE(becomes("192.0.2.2", HopState::reachable));
  const Interface& eth0 = view_->interface(*hop_to("192.0.2.2"));
  ASSERT_TRUE(far_->run("ip link set far0 down"));  // carrier
  EXPECT_TRUE(becomes("192.0.2.2", HopState::failed));
  EXPECT_FALSE(eth0.up.load());
  ASSERT_TRUE(far_->run("ip link set far0 up"));
  EXPECT_TRUE(becomes("192.0.2.2", HopState::reachable));
  EXPECT_TRUE(eth0.up.load());
  const net::PathId before = view_->resolve(kAny4, address("192.0.2.2"));
  ASSERT_TRUE(run("ip link set eth0 down"));  // takes the routes along
  EXPECT_TRUE(eventually([&] { return refusal("192.0.2.2") == NoPath::no_route; }));
  EXPECT_EQ(view_->hop(before), nullptr);
  ASSERT_TRUE(run("ip link set eth0 up"));
  EXPECT_TRUE(becomes("192.0.2.2", HopState::reachable));
}

TEST_F(KernelMirrorTest, WaysOverADeadLinkAreLeftOut) {
  ASSERT_TRUE(far_->connect("eth1", "far1"));
  ASSERT_TRUE(run("ip addr add 10.1.0.1/24 dev eth1"));
  start({"eth0", "eth1"});
  ASSERT_TRUE(run("ip route add 198.51.100.0/24 nexthop via 192.0.2.2 nexthop via 10.1.0.2"));
  const auto gateways = [&] {
    std::set<std::string> seen;
    for (std::uint32_t i = 0; i < 64; ++i) {
      const Hop* hop = hop_to("198.51.100.1", net::Address::v4(i));
      if (hop != nullptr) seen.insert(net::to_string(hop->key.neighbour));
    }
    return seen;
  };
  EXPECT_TRUE(eventually([&] { return gateways().size() == 2; }));
  ASSERT_TRUE(far_->run("ip link set far0 down"));
  EXPECT_TRUE(eventually([&] { return gateways() == std::set<std::string>{"10.1.0.2"}; }));
  ASSERT_TRUE(far_->run("ip link set far0 up"));
  EXPECT_TRUE(eventually([&] { return gateways().size() == 2; }));
}

TEST_F(KernelMirrorTest, SaysWhatItDoesNotFollow) {
  EXPECT_THAT(mirror_->warnings(), IsEmpty());
  ASSERT_TRUE(run("ip rule add from 10.0.0.0/8 table 100"));
  EXPECT_TRUE(eventually([&] { return mirror_->warnings().size() == 1; }));
  EXPECT_THAT(mirror_->warnings()[0], HasSubstr("1 policy rule of `ip -4 rule` is not followed"));
  ASSERT_TRUE(run("ip rule del from 10.0.0.0/8 table 100"));
  EXPECT_TRUE(eventually([&] { return mirror_->warnings().empty(); }));
  ASSERT_TRUE(run("ip link add br0 type bridge && ip link set eth0 master br0"));
  EXPECT_TRUE(eventually([&] { return mirror_->warnings().size() == 1; }));
  EXPECT_THAT(mirror_->warnings()[0], HasSubstr("eth0 belongs to a bridge"));
  const auto none = KernelMirror::create({}, 1);
  EXPECT_TRUE(none);
  std::vector<MirrorDevice> missing;
  missing.push_back({.device = 0, .interface = "eth9"});
  EXPECT_THAT(KernelMirror::create(std::move(missing), 1).error(), HasSubstr("no network interface 'eth9'"));
}

TEST_F(KernelMirrorTest, FactsNameInterfacesAndAddresses) {
  const auto facts = mirror_->interfaces();
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts[0].name, "eth0");
  EXPECT_EQ(facts[0].mtu, 1500U);
  EXPECT_TRUE(facts[0].up);
  EXPECT_THAT(facts[0].addresses, ::testing::Contains(*parse_interface_address("192.0.2.1/24")));
  EXPECT_THAT(facts[0].addresses, ::testing::Contains(*parse_interface_address("2001:db8::1/64")));
}

TEST_F(KernelMirrorTest, ChurnIsPaced) {
  const std::uint64_t updates = mirror_->counters().route_updates.get();
  ASSERT_TRUE(
      run("for i in $(seq 0 63); do for j in $(seq 0 127); do echo route add 10.$i.$j.0/24 via 192.0.2.2;"
          " done; done | ip -batch - && ip route add 198.51.100.0/24 via 192.0.2.3"));
  EXPECT_TRUE(eventually([&] { return gateway_to("198.51.100.7") == "192.0.2.3"; }));
  EXPECT_EQ(gateway_to("10.63.127.1"), "192.0.2.2");
  EXPECT_GE(mirror_->counters().routes.get(), 64U * 128);
  EXPECT_LT(mirror_->counters().route_updates.get() - updates, 200U);
}

}  // namespace
}  // namespace penstock::port
