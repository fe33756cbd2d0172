#include <gtest/gtest.h>

#include <map>

#include "dataplane/port/kernel/route_compiler.h"
#include "dataplane/port/kernel/route_table.h"

namespace penstock::port {
namespace {

constexpr unsigned kOurs = 2, kOurSecond = 3, kForeign = 9;

net::Address address(std::string_view text) {
  return *net::parse_address(text);
}

RouteMessage route(std::string_view prefix, std::vector<RouteMessage::Leg> legs, std::uint32_t metric = 0) {
  RouteMessage r;
  r.table = RT_TABLE_MAIN;
  r.type = RTN_UNICAST;
  r.prefix = *net::parse_prefix(prefix);
  r.v6 = !r.prefix.address.is_v4();
  r.metric = metric;
  r.legs = std::move(legs);
  return r;
}
RouteMessage::Leg via(std::string_view gateway, unsigned ifindex = kOurs) {
  return {.ifindex = ifindex, .gateway = address(gateway)};
}
RouteMessage of_type(std::uint8_t type, std::uint32_t table, std::string_view prefix) {
  RouteMessage r = route(prefix, {{.ifindex = kOurs}});
  r.type = type;
  r.table = table;
  return r;
}

/// What a list of routes does with a destination, as text: a gateway, "on link", or the kind.
class RouteTableTest : public ::testing::Test {
 protected:
  RouteTableTest() {
    links_.add_device(0, "eth0", kOurs);
    links_.add_device(1, "eth1", kOurSecond);
    set_up(kOurs, true);
    set_up(kOurSecond, true);
  }
  void set_up(unsigned ifindex, bool up) {
    links_.apply(
        LinkMessage{.ifindex = ifindex, .name = "eth" + std::to_string(ifindex - kOurs), .mtu = 1500, .up = up});
    links_.update_interfaces();
  }
  std::string way(std::string_view destination, std::string_view source = "192.0.2.1") {
    const RouteTable table(compile_routes(routes_, links_));
    const RouteMatch match = table.find(address(source), address(destination));
    static const std::map<RouteKind, std::string> names = {{RouteKind::none, "none"},
                                                           {RouteKind::local, "local"},
                                                           {RouteKind::broadcast, "broadcast"},
                                                           {RouteKind::unreachable, "unreachable"},
                                                           {RouteKind::not_ours, "not ours"}};
    if (match.kind != RouteKind::unicast) return names.at(match.kind);
    return match.hop.neighbour == address(destination) ? "on link" : net::to_string(match.hop.neighbour);
  }

  std::unique_ptr<InterfaceTable> interfaces_ = std::make_unique<InterfaceTable>();
  LinkModel links_{*interfaces_};
  std::vector<RouteMessage> routes_;
};

TEST_F(RouteTableTest, TheLongestPrefixWins) {
  routes_ = {route("0.0.0.0/0", {via("192.0.2.1")}), route("10.0.0.0/8", {via("192.0.2.2")}),
             route("10.1.0.0/16", {{.ifindex = kOurs}}), of_type(RTN_BLACKHOLE, RT_TABLE_MAIN, "10.1.2.0/24"),
             route("10.1.2.3", {via("192.0.2.3")})};
  EXPECT_EQ(way("8.8.8.8"), "192.0.2.1");
  EXPECT_EQ(way("10.2.0.0"), "192.0.2.2");
  EXPECT_EQ(way("10.1.0.1"), "on link");
  EXPECT_EQ(way("10.1.2.1"), "unreachable");
  EXPECT_EQ(way("10.1.2.3"), "192.0.2.3");
  EXPECT_EQ(way("2001:db8::1"), "none");
}

TEST_F(RouteTableTest, FamiliesDoNotMix) {
  routes_ = {route("::/0", {via("2001:db8::1")})};
  EXPECT_EQ(way("8.8.8.8"), "none");
  EXPECT_EQ(way("2001:db8:1::1"), "2001:db8::1");
  RouteMessage mapped =
      of_type(RTN_UNREACHABLE, RT_TABLE_MAIN, "0.0.0.0/0");  // `ip -6 route add unreachable ::ffff:0:0/96`
  mapped.v6 = true;
  routes_.push_back(route("0.0.0.0/0", {via("192.0.2.1")}));
  routes_.push_back(mapped);
  EXPECT_EQ(way("8.8.8.8"), "192.0.2.1");
}

TEST_F(RouteTableTest, TheLocalTableIsAskedFirst) {
  routes_ = {route("127.0.0.5", {via("192.0.2.2")}),
             of_type(RTN_LOCAL, RT_TABLE_LOCAL, "127.0.0.0/8"),
             of_type(RTN_LOCAL, RT_TABLE_LOCAL, "192.0.2.1"),
             route("192.0.2.1", {via("192.0.2.9")}),
             route("192.0.2.0/24", {{.ifindex = kOurs}}),
             of_type(RTN_BROADCAST, RT_TABLE_LOCAL, "192.0.2.255"),
             of_type(RTN_MULTICAST, RT_TABLE_LOCAL, "ff00::/8")};
  EXPECT_EQ(way("127.0.0.5"), "local");
  EXPECT_EQ(way("192.0.2.1"), "local");
  EXPECT_EQ(way("192.0.2.2"), "on link");
  EXPECT_EQ(way("192.0.2.255"), "broadcast");
  EXPECT_EQ(way("ff02::1"), "broadcast");
}

TEST_F(RouteTableTest, TheLowestMetricThatIsAliveCounts) {
  routes_ = {route("10.0.0.0/8", {via("192.0.2.3")}, 300), route("10.0.0.0/8", {via("192.0.2.1")}, 100),
             route("10.0.0.0/8", {via("192.0.2.2")}, 200), route("10.0.0.0/8", {via("192.0.2.4")}, 100)};
  EXPECT_EQ(way("10.0.0.1"), "192.0.2.1") << "the first of equals";
  routes_[1].legs[0].dead = true;
  EXPECT_EQ(way("10.0.0.1"), "192.0.2.4");
  routes_[3].tos = 0x10;
  EXPECT_EQ(way("10.0.0.1"), "192.0.2.2") << "routes of one traffic class are not ours to use";
  routes_[2].cloned = true;
  EXPECT_EQ(way("10.0.0.1"), "192.0.2.3");
}

TEST_F(RouteTableTest, WaysThatAreNotOurs) {
  routes_ = {route("10.0.0.0/8", {via("192.0.2.1", kForeign)}),
             route("11.0.0.0/8", {via("192.0.2.1", kForeign), via("192.0.2.2")}),
             route("12.0.0.0/8", {via("192.0.2.1")})};
  routes_[2].legs[0].tunnel = true;
  EXPECT_EQ(way("10.0.0.1"), "not ours");
  EXPECT_EQ(way("11.0.0.1"), "192.0.2.2");
  EXPECT_EQ(way("12.0.0.1"), "not ours");
}

TEST_F(RouteTableTest, EqualCostWaysByWeightAndOnlyLiveOnes) {
  routes_ = {route("10.0.0.0/8", {via("192.0.2.1"), via("198.51.100.1", kOurSecond)})};
  routes_[0].legs[1].weight = 9;
  const auto count = [&] {
    std::map<std::string, int> ways;
    for (std::uint32_t i = 0; i < 500; ++i) ++ways[way("10.0.0.1", net::to_string(net::Address::v4(i * 77)))];
    return ways;
  };
  EXPECT_NEAR(count()["192.0.2.1"], 50, 25);
  set_up(kOurSecond, false);
  EXPECT_EQ(count()["192.0.2.1"], 500);
  set_up(kOurs, false);
  EXPECT_EQ(count().size(), 2U) << "all down: the route stays, its hops are not usable";
}

TEST(LinkModel, AVlanIsAnInterfaceOfItsDevice) {
  const auto interfaces = std::make_unique<InterfaceTable>();
  LinkModel links(*interfaces);
  links.add_device(4, "eth0", 2);
  links.apply(LinkMessage{.ifindex = 2, .name = "eth0", .mtu = 1500, .up = true});
  links.apply(LinkMessage{.ifindex = 7, .name = "eth0.7", .mtu = 1496, .up = true, .parent = 2, .vlan = 7});
  links.apply(LinkMessage{.ifindex = 8, .name = "other.7", .mtu = 1496, .up = true, .parent = 3, .vlan = 7});
  EXPECT_EQ(links.update_interfaces().size(), 2U);
  ASSERT_TRUE(links.find(7));
  EXPECT_FALSE(links.find(8)) << "a VLAN of somebody else's device";
  const Interface& vlan = (*interfaces)[*links.find(7)];
  EXPECT_EQ(vlan.device, 4);
  EXPECT_EQ(vlan.vlan, 7);
  EXPECT_EQ(vlan.mtu.load(), 1496U);

  links.apply(LinkMessage{.ifindex = 2, .name = "eth0", .mtu = 1500, .up = false});
  EXPECT_EQ(links.update_interfaces().size(), 2U) << "the device takes its VLANs down with it";
  EXPECT_FALSE(vlan.up.load());
  links.apply(LinkMessage{.ifindex = 2, .name = "eth0", .mtu = 1500, .up = true});
  links.apply(LinkMessage{.removed = true, .ifindex = 7});
  links.update_interfaces();
  EXPECT_FALSE(vlan.up.load());
  EXPECT_EQ(vlan.ifindex.load(), 0U);
  links.apply(LinkMessage{.ifindex = 12, .name = "again", .mtu = 1400, .up = true, .parent = 2, .vlan = 7});
  links.update_interfaces();
  EXPECT_EQ(&(*interfaces)[*links.find(12)], &vlan) << "one place per device and VLAN, for good";
  EXPECT_EQ(vlan.ifindex.load(), 12U);
}

TEST(LinkModel, ADeviceThatComesBackUnderItsNameIsFoundAgain) {
  const auto interfaces = std::make_unique<InterfaceTable>();
  LinkModel links(*interfaces);
  links.add_device(0, "eth0", 2);
  links.apply(LinkMessage{.ifindex = 2, .name = "renamed", .mtu = 1500, .up = true});
  links.update_interfaces();
  EXPECT_TRUE(links.find(2)) << "a new name does not make it another device";
  links.apply(LinkMessage{.removed = true, .ifindex = 2});
  links.apply(LinkMessage{.ifindex = 5, .name = "eth0", .mtu = 1500, .up = true});
  links.update_interfaces();
  EXPECT_TRUE(links.find(5));
}

TEST(LinkModel, InterfacesAreBounded) {
  const auto interfaces = std::make_unique<InterfaceTable>();
  LinkModel links(*interfaces);
  links.add_device(0, "eth0", 2);
  links.apply(LinkMessage{.ifindex = 2, .name = "eth0", .mtu = 1500, .up = true});
  for (unsigned i = 1; i <= kMostInterfaces; ++i) {
    links.apply(
        LinkMessage{.ifindex = 10 + i, .name = "v", .up = true, .parent = 2, .vlan = static_cast<std::uint16_t>(i)});
  }
  links.update_interfaces();
  EXPECT_EQ(links.size(), kMostInterfaces);
  EXPECT_EQ(links.warnings().size(), 1U);
}

}  // namespace
}  // namespace penstock::port
