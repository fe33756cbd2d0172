#pragma once
// Where packets to an address go: an immutable picture of the kernel's routes.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/net/prefix_table.h"
#include "dataplane/port/kernel/hop_table.h"

namespace penstock::port {

enum class RouteKind : std::uint8_t {
  none,         ///< no route
  unicast,      ///< through one of our interfaces
  local,        ///< an address of this host
  broadcast,    ///< broadcast, multicast or anycast: nothing a relay sends to
  unreachable,  ///< `ip route add unreachable`, and blackhole and prohibit likewise
  not_ours,     ///< through an interface that is not ours (loopback, a management port, a tunnel)
};

/// One way of a route.
struct RouteLeg {
  std::optional<net::Address> gateway = {};  ///< nullopt: the destination is on the link
  InterfaceIndex interface = 0;
  std::uint16_t weight = 1;  ///< 1 to 256

  friend bool operator==(const RouteLeg&, const RouteLeg&) = default;
};

struct Route {
  net::Prefix prefix;
  RouteKind kind = RouteKind::none;
  std::uint16_t mtu = 0;            ///< the route's own limit, 0: the interface's
  std::vector<RouteLeg> legs = {};  ///< unicast: one, or several with equal cost

  friend bool operator==(const Route&, const Route&) = default;
};

/// What a lookup finds.
struct RouteMatch {
  RouteKind kind = RouteKind::none;
  HopKey hop;  ///< unicast only
};

/// Immutable, so any number of threads may read it. One lookup touches a few cache lines (see net::PrefixTable).
class RouteTable {
 public:
  /// Of two routes for one prefix the last one counts.
  explicit RouteTable(std::vector<Route> routes);

  /// The longest prefix's route. Of several legs, the hash of (source, destination) chooses one, by weight, so that a
  /// flow keeps its way.
  RouteMatch find(const net::Address& source, const net::Address& destination) const;

  std::span<const Route> routes() const { return routes_; }

 private:
  static constexpr net::PrefixTable::Value kNoRoute = net::PrefixTable::kFirstSubtree - 1;

  const RouteLeg& choose(const Route& route, const net::Address& source, const net::Address& destination) const;

  std::vector<Route> routes_;
  net::PrefixTable prefixes_;
};

}  // namespace penstock::port
