#pragma once
// The addresses this host has, and what the configuration's wildcards and defaults stand for.

#include <string>
#include <vector>

#include "control/config/config.h"
#include "dataplane/net/address.h"
#include "turn/settings.h"

namespace penstock::control {

struct HostAddress {
  std::string interface;
  net::Address address;
  bool loopback = false;
  bool link_local = false;
};

/// Of all interfaces that are up.
std::vector<HostAddress> host_addresses();

/// Those of the named interfaces and of VLANs on them ("eth1" and "eth1.100"); all when nothing is named.
std::vector<HostAddress> addresses_of(const std::vector<HostAddress>& host, const std::vector<std::string>& interfaces);

/// Concrete endpoints. A wildcard becomes the host's addresses ("0.0.0.0": IPv4, "::" or nothing configured: both
/// families), without link-local ones, which need a zone that no TURN attribute can carry, and without loopback unless
/// there is nothing else.
std::vector<net::Endpoint> listen_endpoints(const ListenSection& listen, const std::vector<HostAddress>& host);

/// As configured, or each address that is listened on.
std::vector<turn::RelayAddress> relay_addresses(const RelaySection& relay, const std::vector<net::Endpoint>& listen);

/// What no client may reach as a peer: the host's addresses except those a prefix allows, and the configured ones.
/// Relay addresses may be among them: the peer policy treats them on their own.
std::vector<net::Address> own_addresses(const PeersSection& peers, const std::vector<HostAddress>& host);

/// "turn:192.0.2.1:3478?transport=udp", with the advertised address where the relay addresses map it (RFC 7065).
std::string turn_uri(const net::Endpoint& listen, const std::vector<turn::RelayAddress>& relay);

}  // namespace penstock::control
