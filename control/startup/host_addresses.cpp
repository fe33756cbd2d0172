#include "control/startup/host_addresses.h"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace penstock::control {
namespace {

bool is_link_local(const net::Address& a) {
  if (a.is_v4()) return a.v4_host_order() >> 16 == 0xa9fe;   // 169.254/16
  return a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80;  // fe80::/10
}

bool to_address(const sockaddr* from, net::Address& to) {
  if (from == nullptr) return false;
  if (from->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, from, sizeof v4);
    to = net::Address::v4(ntohl(v4.sin_addr.s_addr));
    return true;
  }
  if (from->sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, from, sizeof v6);
  std::memcpy(to.bytes.data(), &v6.sin6_addr, to.bytes.size());
  return true;
}

template <class T>
void add_once(std::vector<T>& list, const T& item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(item);
}

// Every address of the host that a wildcard means.
void expand(const net::Endpoint& wildcard, const std::vector<HostAddress>& host, std::vector<net::Endpoint>& out) {
  const bool only_v4 = wildcard.address.is_v4();
  const auto add = [&](bool loopback) {
    const std::size_t before = out.size();
    for (const HostAddress& h : host) {
      if (h.loopback == loopback && !h.link_local && (h.address.is_v4() || !only_v4)) {
        add_once(out, net::Endpoint{h.address, wildcard.port});
      }
    }
    return out.size() > before;
  };
  if (!add(false)) add(true);
}

}  // namespace

std::vector<HostAddress> host_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, freeifaddrs);
  std::vector<HostAddress> found;
  for (const ifaddrs* i = first; i != nullptr; i = i->ifa_next) {
    net::Address address;
    if ((i->ifa_flags & IFF_UP) == 0 || !to_address(i->ifa_addr, address)) continue;
    found.push_back({i->ifa_name, address, (i->ifa_flags & IFF_LOOPBACK) != 0, is_link_local(address)});
  }
  return found;
}

std::vector<HostAddress> addresses_of(const std::vector<HostAddress>& host,
                                      const std::vector<std::string>& interfaces) {
  if (interfaces.empty()) return host;
  std::vector<HostAddress> chosen;
  std::ranges::copy_if(host, std::back_inserter(chosen), [&](const HostAddress& h) {
    return std::ranges::any_of(interfaces, [&](const std::string& name) {
      return h.interface == name || h.interface.starts_with(name + ".");
    });
  });
  return chosen;
}

std::vector<net::Endpoint> listen_endpoints(const ListenSection& listen, const std::vector<HostAddress>& host) {
  std::vector<net::Endpoint> configured = listen.addresses;
  if (configured.empty()) configured.emplace_back();
  std::vector<net::Endpoint> endpoints;
  for (net::Endpoint e : configured) {
    if (e.port == 0) e.port = listen.port;
    if (e.address.is_unspecified()) {
      expand(e, host, endpoints);
    } else {
      add_once(endpoints, e);
    }
  }
  return endpoints;
}

std::vector<turn::RelayAddress> relay_addresses(const RelaySection& relay, const std::vector<net::Endpoint>& listen) {
  if (!relay.addresses.empty()) return relay.addresses;
  std::vector<net::Address> addresses;
  for (const net::Endpoint& e : listen) add_once(addresses, e.address);
  std::vector<turn::RelayAddress> relayed;
  for (const net::Address& a : addresses) relayed.push_back({a, a});
  return relayed;
}

std::vector<net::Address> own_addresses(const PeersSection& peers, const std::vector<HostAddress>& host) {
  std::vector<net::Address> own = peers.own_addresses;
  for (const HostAddress& h : host) {
    const bool allowed =
        std::ranges::any_of(peers.allow, [&](const net::Prefix& prefix) { return prefix.contains(h.address); });
    if (!allowed) add_once(own, h.address);
  }
  return own;
}

std::string turn_uri(const net::Endpoint& listen, const std::vector<turn::RelayAddress>& relay) {
  net::Endpoint seen = listen;
  for (const turn::RelayAddress& r : relay) {
    if (r.address == listen.address) seen.address = r.advertised;
  }
  return fmt::format("turn:{}?transport=udp", net::to_string(seen));
}

}  // namespace penstock::control
