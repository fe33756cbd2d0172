#pragma once
// What we ask the kernel over rtnetlink (RFC 3549).

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/net/frame_headers.h"
#include "dataplane/port/kernel/interface_address.h"

namespace penstock::port {

/// A request in the making, of bounded size. `Head` is the fixed part of the message type.
class NetlinkRequest {
 public:
  NetlinkRequest(std::uint16_t type, std::uint16_t flags);

  template <class Head>
  Head& head() {
    return *static_cast<Head*>(mnl_nlmsg_put_extra_header(message(), sizeof(Head)));
  }
  void add(std::uint16_t type, std::uint32_t value) { mnl_attr_put_u32(message(), type, value); }
  void add(std::uint16_t type, const net::Address& address);
  void add(std::uint16_t type, const net::MacAddress& mac) { mnl_attr_put(message(), type, mac.size(), mac.data()); }

  nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(bytes_.data()); }

 private:
  alignas(nlmsghdr) std::array<std::uint8_t, 512> bytes_{};
};

/// All of a kind: RTM_GETLINK, RTM_GETADDR, RTM_GETNEIGH, RTM_GETRULE.
NetlinkRequest dump_request(std::uint16_t type, std::uint8_t family = 0);
/// The routes of one table.
NetlinkRequest routes_request(std::uint8_t family, std::uint32_t table);

/// Has the kernel resolve a neighbour, or probe one that is stale, as if it had a packet to send (NTF_USE): source
/// address, ARP or ND, and retries are the kernel's.
NetlinkRequest use_neighbour_request(unsigned ifindex, const net::Address& neighbour);
NetlinkRequest neighbour_request(unsigned ifindex, const net::Address& neighbour);

NetlinkRequest set_link_request(unsigned ifindex, const net::MacAddress& mac, std::uint32_t mtu);
NetlinkRequest link_up_request(unsigned ifindex);
/// IPv6 addresses are used at once, without duplicate address detection: the relay binds to them while starting.
NetlinkRequest add_address_request(unsigned ifindex, const InterfaceAddress& address);
NetlinkRequest add_default_route_request(unsigned ifindex, const net::Address& gateway);

}  // namespace penstock::port
