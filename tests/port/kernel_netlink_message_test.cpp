#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <net/if.h>

#include <cstring>
#include <memory>
#include <random>

#include "dataplane/port/kernel/netlink_message.h"

namespace penstock::port {
namespace {

/// A message of the kernel's, made by hand.
class Message {
 public:
  template <class Head>
  Message(std::uint16_t type, const Head& head) {
    mnl_nlmsg_put_header(bytes_.data())->nlmsg_type = type;
    std::memcpy(mnl_nlmsg_put_extra_header(get(), sizeof head), &head, sizeof head);
  }
  Message& u16(std::uint16_t type, std::uint16_t v) { return mnl_attr_put_u16(get(), type, v), *this; }
  Message& u32(std::uint16_t type, std::uint32_t v) { return mnl_attr_put_u32(get(), type, v), *this; }
  Message& text(std::uint16_t type, const char* v) { return mnl_attr_put_strz(get(), type, v), *this; }
  Message& raw(std::uint16_t type, std::vector<std::uint8_t> v) {
    return mnl_attr_put(get(), type, v.size(), v.data()), *this;
  }
  Message& open(std::uint16_t type) { return nests_.push_back(mnl_attr_nest_start(get(), type)), *this; }
  Message& close() {
    mnl_attr_nest_end(get(), nests_.back());
    nests_.pop_back();
    return *this;
  }
  /// A struct without header, as in RTA_MULTIPATH.
  template <class T>
  Message& plain(const T& value) {
    std::memcpy(mnl_nlmsg_get_payload_tail(get()), &value, sizeof value);
    get()->nlmsg_len += NLMSG_ALIGN(sizeof value);
    return *this;
  }

  nlmsghdr* get() { return reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  std::span<const std::uint8_t> bytes() { return {bytes_.data(), get()->nlmsg_len}; }

 private:
  alignas(nlmsghdr) std::array<std::uint8_t, 1024> bytes_{};
  std::vector<nlattr*> nests_;
};

Message vlan_link(std::uint16_t protocol = ETH_P_8021Q) {
  Message m(RTM_NEWLINK, ifinfomsg{.ifi_family = AF_UNSPEC,
                                   .__ifi_pad = 0,
                                   .ifi_type = 1,
                                   .ifi_index = 7,
                                   .ifi_flags = IFF_UP | IFF_RUNNING,
                                   .ifi_change = 0});
  m.text(IFLA_IFNAME, "eth0.7").u32(IFLA_MTU, 1496).u32(IFLA_LINK, 2).raw(IFLA_ADDRESS, {2, 0, 0, 0, 0, 9});
  m.open(IFLA_LINKINFO).text(IFLA_INFO_KIND, "vlan").open(IFLA_INFO_DATA).u16(IFLA_VLAN_ID, 7);
  return m.u16(IFLA_VLAN_PROTOCOL, __builtin_bswap16(protocol)).close().close();
}

Message multipath_route() {
  rtmsg head{};
  head.rtm_family = AF_INET;
  head.rtm_dst_len = 24;
  head.rtm_table = RT_TABLE_MAIN;
  head.rtm_type = RTN_UNICAST;
  Message m(RTM_NEWROUTE, head);
  m.raw(RTA_DST, {198, 51, 100, 0}).u32(RTA_PRIORITY, 100).open(RTA_METRICS).u32(RTAX_MTU, 1400).close();
  m.open(RTA_MULTIPATH);
  m.plain(rtnexthop{sizeof(rtnexthop) + 8, 0, 2, 5}).raw(RTA_GATEWAY, {192, 0, 2, 1});
  m.plain(rtnexthop{sizeof(rtnexthop) + 24, RTNH_F_DEAD, 0, 6});
  std::vector<std::uint8_t> via{AF_INET6, 0, 0x20, 0x01, 0x0d, 0xb8};
  via.resize(18);
  return m.raw(RTA_VIA, via).close();
}

Message neighbour() {
  ndmsg head{};
  head.ndm_family = AF_INET6;
  head.ndm_ifindex = 5;
  head.ndm_state = NUD_STALE;
  std::vector<std::uint8_t> address(16, 0x20);
  return Message(RTM_NEWNEIGH, head).raw(NDA_DST, address).raw(NDA_LLADDR, {2, 0, 0, 0, 0, 9});
}

Message rule(std::uint32_t priority, std::uint8_t source_length) {
  fib_rule_hdr head{};
  head.family = AF_INET;
  head.src_len = source_length;
  head.table = RT_TABLE_MAIN;
  head.action = FR_ACT_TO_TBL;
  return Message(RTM_NEWRULE, head).u32(FRA_PRIORITY, priority).u32(FRA_FWMARK, 0);
}

TEST(NetlinkMessage, AVlanIsToldWithItsParent) {
  const auto link = parse_link(*vlan_link().get());
  ASSERT_TRUE(link);
  EXPECT_EQ(link->ifindex, 7U);
  EXPECT_EQ(link->name, "eth0.7");
  EXPECT_EQ(link->mtu, 1496U);
  EXPECT_EQ(link->mac, (net::MacAddress{2, 0, 0, 0, 0, 9}));
  EXPECT_TRUE(link->up);
  EXPECT_EQ(link->parent, 2U);
  EXPECT_EQ(link->vlan, 7);
  EXPECT_FALSE(parse_link(*vlan_link(ETH_P_8021AD).get())->vlan) << "a service tag is not ours";
}

TEST(NetlinkMessage, ARouteOfSeveralWays) {
  const auto route = parse_route(*multipath_route().get());
  ASSERT_TRUE(route);
  EXPECT_EQ(net::to_string(route->prefix), "198.51.100.0/24");
  EXPECT_EQ(route->metric, 100U);
  EXPECT_EQ(route->mtu, 1400U);
  ASSERT_EQ(route->legs.size(), 2U);
  EXPECT_EQ(route->legs[0].ifindex, 5U);
  EXPECT_EQ(route->legs[0].weight, 3);
  EXPECT_EQ(route->legs[0].gateway, net::Address::v4(0xc0000201));
  EXPECT_EQ(net::to_string(*route->legs[1].gateway), "2001:db8::");
  EXPECT_TRUE(route->legs[1].dead);
}

TEST(NetlinkMessage, NeighboursAndRules) {
  const auto n = parse_neighbour(*neighbour().get());
  ASSERT_TRUE(n);
  EXPECT_EQ(n->state, NUD_STALE);
  EXPECT_EQ(n->mac, (net::MacAddress{2, 0, 0, 0, 0, 9}));
  EXPECT_TRUE(parse_rule(*rule(32766, 0).get())->plain);
  EXPECT_FALSE(parse_rule(*rule(100, 24).get())->plain);
}

/// Every parser on one message, which lies alone in memory so that ASan sees a read behind its end.
void parse_all(std::span<const std::uint8_t> bytes, std::uint32_t claimed_length) {
  const std::size_t room = std::max<std::size_t>(bytes.size(), sizeof(nlmsghdr));
  const auto copy = std::make_unique<std::uint8_t[]>(room);
  std::copy(bytes.begin(), bytes.end(), copy.get());
  auto& message = *reinterpret_cast<nlmsghdr*>(copy.get());
  message.nlmsg_len = claimed_length;
  (void)parse_link(message);
  (void)parse_address(message);
  (void)parse_route(message);
  (void)parse_neighbour(message);
  (void)parse_rule(message);
}

TEST(NetlinkMessage, NothingBehindTheEndIsRead) {
  std::mt19937 random(1);
  for (Message message : {vlan_link(), multipath_route(), neighbour(), rule(1, 0)}) {
    const std::vector<std::uint8_t> whole(message.bytes().begin(), message.bytes().end());
    for (std::uint32_t size = 0; size <= whole.size(); ++size) parse_all(std::span(whole).first(size), size);
    for (int round = 0; round < 3000; ++round) {
      std::vector<std::uint8_t> damaged = whole;
      for (int i = 0; i < 4; ++i) damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
      parse_all(damaged, static_cast<std::uint32_t>(damaged.size()));
    }
  }
}

}  // namespace
}  // namespace penstock::port
