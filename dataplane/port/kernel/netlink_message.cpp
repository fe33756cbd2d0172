#include "dataplane/port/kernel/netlink_message.h"

#include <linux/fib_rules.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>

namespace penstock::port {
namespace {

using Bytes = std::span<const std::uint8_t>;

Bytes payload_of(const nlmsghdr& message) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&message);
  return message.nlmsg_len < NLMSG_HDRLEN ? Bytes{} : Bytes{bytes + NLMSG_HDRLEN, message.nlmsg_len - NLMSG_HDRLEN};
}

/// The fixed part of a message.
template <class T>
std::optional<T> head_of(Bytes payload) {
  if (payload.size() < sizeof(T)) return std::nullopt;
  T head;
  std::memcpy(&head, payload.data(), sizeof head);
  return head;
}

template <class T>
Attributes attributes_behind(Bytes payload) {
  return Attributes(payload.subspan(std::min<std::size_t>(NLMSG_ALIGN(sizeof(T)), payload.size())));
}

std::optional<net::Address> address_from(Bytes bytes) {
  if (bytes.size() == 4) {
    return net::Address::v4(std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                            std::uint32_t{bytes[2]} << 8 | bytes[3]);
  }
  if (bytes.size() != 16) return std::nullopt;
  net::Address address;
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  return address;
}

/// A prefix length of the kernel's in the 128-bit form.
std::optional<std::uint8_t> prefix_length(std::uint8_t family, std::uint8_t length) {
  if (family == AF_INET && length <= 32) return static_cast<std::uint8_t>(96 + length);
  if (family == AF_INET6 && length <= 128) return length;
  return std::nullopt;
}

net::Address any_address(std::uint8_t family) {
  return family == AF_INET ? net::Address::v4(0) : net::Address{};
}

/// RTA_GATEWAY, or RTA_VIA for a gateway of another family (RFC 8950).
std::optional<net::Address> gateway_in(const Attributes& attributes) {
  if (const auto gateway = attributes.address(RTA_GATEWAY)) return gateway;
  const Bytes via = attributes.payload(RTA_VIA);
  return via.size() < sizeof(std::uint16_t) ? std::nullopt : address_from(via.subspan(sizeof(std::uint16_t)));
}

/// RTA_MULTIPATH is a list of rtnexthop, each with attributes of its own.
std::vector<RouteMessage::Leg> legs_in(Bytes list) {
  std::vector<RouteMessage::Leg> legs;
  while (const auto head = head_of<rtnexthop>(list)) {
    if (head->rtnh_len < sizeof(rtnexthop) || head->rtnh_len > list.size()) break;
    const Attributes attributes(list.subspan(sizeof(rtnexthop), head->rtnh_len - sizeof(rtnexthop)));
    legs.push_back({.ifindex = static_cast<unsigned>(head->rtnh_ifindex),
                    .gateway = gateway_in(attributes),
                    .weight = static_cast<std::uint16_t>(head->rtnh_hops + 1),
                    .dead = (head->rtnh_flags & RTNH_F_DEAD) != 0,
                    .tunnel = attributes.has(RTA_ENCAP)});
    list = list.subspan(std::min<std::size_t>(RTNH_ALIGN(head->rtnh_len), list.size()));
  }
  return legs;
}

}  // namespace

Attributes::Attributes(Bytes bytes) {
  while (const auto head = head_of<nlattr>(bytes)) {
    if (head->nla_len < sizeof(nlattr) || head->nla_len > bytes.size()) break;
    const auto type = static_cast<std::uint16_t>(head->nla_type & NLA_TYPE_MASK);
    if (type < kTypes) payloads_[type] = bytes.subspan(sizeof(nlattr), head->nla_len - sizeof(nlattr));
    bytes = bytes.subspan(std::min<std::size_t>(NLA_ALIGN(head->nla_len), bytes.size()));
  }
}

template <class T>
std::optional<T> Attributes::number(std::uint16_t type) const {
  return payload(type).size() == sizeof(T) ? head_of<T>(payload(type)) : std::nullopt;
}

std::optional<net::Address> Attributes::address(std::uint16_t type) const {
  return address_from(payload(type));
}

std::optional<net::MacAddress> Attributes::mac(std::uint16_t type) const {
  net::MacAddress mac{};
  if (payload(type).size() != mac.size()) return std::nullopt;
  std::ranges::copy(payload(type), mac.begin());
  return mac;
}

std::string Attributes::text(std::uint16_t type) const {
  const Bytes bytes = payload(type);
  return {bytes.begin(), std::ranges::find(bytes, 0)};
}

std::optional<LinkMessage> parse_link(const nlmsghdr& message) {
  const Bytes payload = payload_of(message);
  const auto head = head_of<ifinfomsg>(payload);
  if (!head || head->ifi_family != AF_UNSPEC || head->ifi_index <= 0) return std::nullopt;
  const auto attributes = attributes_behind<ifinfomsg>(payload);
  LinkMessage link;
  link.removed = message.nlmsg_type == RTM_DELLINK;
  link.ifindex = static_cast<unsigned>(head->ifi_index);
  link.name = attributes.text(IFLA_IFNAME);
  link.mac = attributes.mac(IFLA_ADDRESS).value_or(net::MacAddress{});
  link.mtu = attributes.u32(IFLA_MTU).value_or(0);
  link.up = (head->ifi_flags & IFF_UP) != 0 && (head->ifi_flags & IFF_RUNNING) != 0;
  link.master = attributes.u32(IFLA_MASTER).value_or(0);
  // The parent of a veth is its other end, which may live in another namespace: only VLANs have one of interest.
  const Attributes info = attributes.nested(IFLA_LINKINFO);
  if (info.text(IFLA_INFO_KIND) == "vlan") {
    const Attributes vlan = info.nested(IFLA_INFO_DATA);
    link.parent = attributes.u32(IFLA_LINK).value_or(0);
    const bool is_8021q =
        vlan.u16(IFLA_VLAN_PROTOCOL).value_or(__builtin_bswap16(ETH_P_8021Q)) == __builtin_bswap16(ETH_P_8021Q);
    if (is_8021q) link.vlan = vlan.u16(IFLA_VLAN_ID);
  }
  return link;
}

std::optional<AddressMessage> parse_address(const nlmsghdr& message) {
  const Bytes payload = payload_of(message);
  const auto head = head_of<ifaddrmsg>(payload);
  if (!head) return std::nullopt;
  const auto attributes = attributes_behind<ifaddrmsg>(payload);
  // On point-to-point links IFA_ADDRESS is the far end.
  const auto own = attributes.address(IFA_LOCAL);
  const auto address = own ? own : attributes.address(IFA_ADDRESS);
  const auto length = prefix_length(head->ifa_family, head->ifa_prefixlen);
  if (!address || !length) return std::nullopt;
  return AddressMessage{message.nlmsg_type == RTM_DELADDR, head->ifa_index, {*address, *length}};
}

std::optional<RouteMessage> parse_route(const nlmsghdr& message) {
  const Bytes payload = payload_of(message);
  const auto head = head_of<rtmsg>(payload);
  if (!head) return std::nullopt;
  const auto length = prefix_length(head->rtm_family, head->rtm_dst_len);
  if (!length) return std::nullopt;
  const auto attributes = attributes_behind<rtmsg>(payload);
  RouteMessage route;
  route.table = attributes.u32(RTA_TABLE).value_or(head->rtm_table);
  route.v6 = head->rtm_family == AF_INET6;
  route.prefix = {attributes.address(RTA_DST).value_or(any_address(head->rtm_family)), *length};
  route.type = head->rtm_type;
  route.tos = head->rtm_tos;
  route.cloned = (head->rtm_flags & RTM_F_CLONED) != 0;
  route.metric = attributes.u32(RTA_PRIORITY).value_or(0);
  route.mtu = attributes.nested(RTA_METRICS).u32(RTAX_MTU).value_or(0);
  if (attributes.has(RTA_MULTIPATH)) {
    route.legs = legs_in(attributes.payload(RTA_MULTIPATH));
  } else if (const auto interface = attributes.u32(RTA_OIF)) {
    route.legs.push_back({.ifindex = *interface,
                          .gateway = gateway_in(attributes),
                          .weight = 1,
                          .dead = (head->rtm_flags & RTNH_F_DEAD) != 0,
                          .tunnel = attributes.has(RTA_ENCAP)});
  }
  return route;
}

std::optional<NeighbourMessage> parse_neighbour(const nlmsghdr& message) {
  const Bytes payload = payload_of(message);
  const auto head = head_of<ndmsg>(payload);
  if (!head || (head->ndm_family != AF_INET && head->ndm_family != AF_INET6)) return std::nullopt;
  if ((head->ndm_flags & NTF_PROXY) != 0) return std::nullopt;
  const auto attributes = attributes_behind<ndmsg>(payload);
  const auto address = attributes.address(NDA_DST);
  if (!address) return std::nullopt;
  return NeighbourMessage{message.nlmsg_type == RTM_DELNEIGH, static_cast<unsigned>(head->ndm_ifindex), *address,
                          head->ndm_state, attributes.mac(NDA_LLADDR)};
}

std::optional<RuleMessage> parse_rule(const nlmsghdr& message) {
  const Bytes payload = payload_of(message);
  const auto head = head_of<fib_rule_hdr>(payload);
  if (!head) return std::nullopt;
  const auto attributes = attributes_behind<fib_rule_hdr>(payload);
  const auto selects = {FRA_IIFNAME,   FRA_OIFNAME,  FRA_FWMARK,      FRA_TUN_ID,     FRA_L3MDEV,
                        FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE};
  const bool selective = head->src_len != 0 || head->dst_len != 0 || head->tos != 0 ||
                         (head->flags & FIB_RULE_INVERT) != 0 || std::ranges::any_of(selects, [&](int type) {
                           return type != FRA_FWMARK ? attributes.has(static_cast<std::uint16_t>(type))
                                                     : attributes.u32(FRA_FWMARK).value_or(0) != 0;
                         });
  return RuleMessage{attributes.u32(FRA_PRIORITY).value_or(0), attributes.u32(FRA_TABLE).value_or(head->table),
                     head->action == FR_ACT_TO_TBL && !selective};
}

}  // namespace penstock::port
