#include "dataplane/port/kernel/netlink_request.h"

#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <net/if.h>

namespace penstock::port {
namespace {

std::uint8_t family_of(const net::Address& address) {
  return address.is_v4() ? AF_INET : AF_INET6;
}

NetlinkRequest about_neighbour(std::uint16_t type, std::uint16_t flags, unsigned ifindex, const net::Address& neighbour,
                               std::uint8_t neighbour_flags) {
  NetlinkRequest request(type, flags);
  auto& head = request.head<ndmsg>();
  head.ndm_family = family_of(neighbour);
  head.ndm_ifindex = static_cast<int>(ifindex);
  head.ndm_flags = neighbour_flags;
  request.add(NDA_DST, neighbour);
  return request;
}

}  // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr* const message = mnl_nlmsg_put_header(bytes_.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
}

void NetlinkRequest::add(std::uint16_t type, const net::Address& address) {
  const std::size_t skip = address.is_v4() ? 12 : 0;
  mnl_attr_put(message(), type, address.bytes.size() - skip, address.bytes.data() + skip);
}

// Dumps carry the whole head of their type: the kernel checks it (NETLINK_GET_STRICT_CHK).
NetlinkRequest dump_request(std::uint16_t type, std::uint8_t family) {
  NetlinkRequest request(type, NLM_F_DUMP);
  switch (type) {
    case RTM_GETLINK:
      request.head<ifinfomsg>().ifi_family = family;
      break;
    case RTM_GETADDR:
      request.head<ifaddrmsg>().ifa_family = family;
      break;
    case RTM_GETNEIGH:
      request.head<ndmsg>().ndm_family = family;
      break;
    default:
      request.head<fib_rule_hdr>().family = family;
      break;
  }
  return request;
}

NetlinkRequest routes_request(std::uint8_t family, std::uint32_t table) {
  NetlinkRequest request(RTM_GETROUTE, NLM_F_DUMP);
  auto& head = request.head<rtmsg>();
  head.rtm_family = family;
  head.rtm_table = static_cast<std::uint8_t>(table);
  request.add(RTA_TABLE, table);
  return request;
}

NetlinkRequest use_neighbour_request(unsigned ifindex, const net::Address& neighbour) {
  return about_neighbour(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, ifindex, neighbour, NTF_USE);
}

NetlinkRequest neighbour_request(unsigned ifindex, const net::Address& neighbour) {
  return about_neighbour(RTM_GETNEIGH, 0, ifindex, neighbour, 0);
}

NetlinkRequest set_link_request(unsigned ifindex, const net::MacAddress& mac, std::uint32_t mtu) {
  NetlinkRequest request(RTM_SETLINK, NLM_F_ACK);
  request.head<ifinfomsg>().ifi_index = static_cast<int>(ifindex);
  request.add(IFLA_ADDRESS, mac);
  request.add(IFLA_MTU, mtu);
  return request;
}

NetlinkRequest link_up_request(unsigned ifindex) {
  NetlinkRequest request(RTM_SETLINK, NLM_F_ACK);
  auto& head = request.head<ifinfomsg>();
  head.ifi_index = static_cast<int>(ifindex);
  head.ifi_flags = IFF_UP;
  head.ifi_change = IFF_UP;
  return request;
}

NetlinkRequest add_address_request(unsigned ifindex, const InterfaceAddress& a) {
  NetlinkRequest request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  auto& head = request.head<ifaddrmsg>();
  const bool v4 = a.address.is_v4();
  head.ifa_family = family_of(a.address);
  head.ifa_prefixlen = static_cast<std::uint8_t>(v4 ? a.prefix_length - 96 : a.prefix_length);
  head.ifa_flags = v4 ? 0 : IFA_F_NODAD;
  head.ifa_index = ifindex;
  request.add(IFA_LOCAL, a.address);
  request.add(IFA_ADDRESS, a.address);
  return request;
}

NetlinkRequest add_default_route_request(unsigned ifindex, const net::Address& gateway) {
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  auto& head = request.head<rtmsg>();
  head.rtm_family = family_of(gateway);
  head.rtm_table = RT_TABLE_MAIN;
  head.rtm_protocol = RTPROT_STATIC;
  head.rtm_scope = RT_SCOPE_UNIVERSE;
  head.rtm_type = RTN_UNICAST;
  request.add(RTA_GATEWAY, gateway);
  request.add(RTA_OIF, ifindex);
  return request;
}

}  // namespace penstock::port
