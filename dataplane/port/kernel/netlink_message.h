#pragma once
// What the kernel says over rtnetlink (RFC 3549), as plain values. Total: what is cut short or unknown is nullopt.
//
// Sockets and requests are libmnl's: it adds no cache and no objects of its own, unlike libnl-route, whose copy of the
// kernel's tables we would keep beside ours. Its attribute macros do not compile as C++, hence Attributes.

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/net/frame_headers.h"
#include "dataplane/port/kernel/interface_address.h"

namespace penstock::port {

/// The attributes of a message or of a nest, by type; of several of one type the last.
class Attributes {
 public:
  explicit Attributes(std::span<const std::uint8_t> bytes);

  bool has(std::uint16_t type) const { return payload(type).data() != nullptr; }
  std::span<const std::uint8_t> payload(std::uint16_t type) const {
    return type < kTypes ? payloads_[type] : std::span<const std::uint8_t>{};
  }
  Attributes nested(std::uint16_t type) const { return Attributes(payload(type)); }
  std::optional<std::uint32_t> u32(std::uint16_t type) const { return number<std::uint32_t>(type); }
  std::optional<std::uint16_t> u16(std::uint16_t type) const { return number<std::uint16_t>(type); }
  /// Four bytes are IPv4, sixteen IPv6.
  std::optional<net::Address> address(std::uint16_t type) const;
  std::optional<net::MacAddress> mac(std::uint16_t type) const;
  std::string text(std::uint16_t type) const;

 private:
  static constexpr std::size_t kTypes = 72;  // IFLA has the most

  template <class T>
  std::optional<T> number(std::uint16_t type) const;

  std::span<const std::uint8_t> payloads_[kTypes];
};

/// RTM_NEWLINK, RTM_DELLINK
struct LinkMessage {
  bool removed = false;
  unsigned ifindex = 0;
  std::string name = {};
  net::MacAddress mac{};
  std::uint32_t mtu = 0;
  bool up = false;                         ///< administratively, and running (carrier)
  unsigned parent = 0;                     ///< ifindex of the interface it lies on, 0: none
  unsigned master = 0;                     ///< ifindex of the bridge, bond or VRF it is a port of, 0: none
  std::optional<std::uint16_t> vlan = {};  ///< it is an 802.1Q VLAN of its parent
};
std::optional<LinkMessage> parse_link(const nlmsghdr& message);

/// RTM_NEWADDR, RTM_DELADDR
struct AddressMessage {
  bool removed = false;
  unsigned ifindex = 0;
  InterfaceAddress address;
};
std::optional<AddressMessage> parse_address(const nlmsghdr& message);

/// RTM_NEWROUTE, RTM_DELROUTE
struct RouteMessage {
  struct Leg {
    unsigned ifindex = 0;
    std::optional<net::Address> gateway = {};
    std::uint16_t weight = 1;
    bool dead = false;    ///< the kernel does not use it now
    bool tunnel = false;  ///< packets would have to be encapsulated (MPLS, SRv6, ...)
  };
  std::uint32_t table = 0;
  bool v6 = false;
  net::Prefix prefix;
  std::uint8_t type = RTN_UNSPEC;  ///< RTN_*
  std::uint8_t tos = 0;            ///< a route for one traffic class alone when not 0
  bool cloned = false;             ///< a cache entry, not a route
  std::uint32_t metric = 0;        ///< lowest wins
  std::uint32_t mtu = 0;           ///< 0: none of its own
  std::vector<Leg> legs = {};
};
std::optional<RouteMessage> parse_route(const nlmsghdr& message);

/// RTM_NEWNEIGH, RTM_DELNEIGH
struct NeighbourMessage {
  bool removed = false;
  unsigned ifindex = 0;
  net::Address address;
  std::uint16_t state = 0;  ///< NUD_*
  std::optional<net::MacAddress> mac = {};
};
std::optional<NeighbourMessage> parse_neighbour(const nlmsghdr& message);

/// RTM_NEWRULE, RTM_DELRULE
struct RuleMessage {
  std::uint32_t priority = 0;
  std::uint32_t table = 0;
  bool plain = false;  ///< looks up `table` for every packet
};
std::optional<RuleMessage> parse_rule(const nlmsghdr& message);

}  // namespace penstock::port
