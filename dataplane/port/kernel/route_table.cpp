#include "dataplane/port/kernel/route_table.h"

#include <utility>

namespace penstock::port {
namespace {

/// IPv4 lives in ::ffff:0:0/96 and must not fall to IPv6's default route.
constexpr net::Prefix kAllOfIpv4{net::Address::v4(0), 96};

std::vector<net::PrefixTable::Rule> rules_of(std::span<const Route> routes, net::PrefixTable::Value none) {
  std::vector<net::PrefixTable::Rule> rules;
  rules.reserve(routes.size() + 1);
  rules.push_back({kAllOfIpv4, none});
  for (const Route& route : routes) rules.push_back({route.prefix, static_cast<std::uint32_t>(&route - routes.data())});
  return rules;
}

}  // namespace

RouteTable::RouteTable(std::vector<Route> routes)
    : routes_(std::move(routes)), prefixes_(rules_of(routes_, kNoRoute), kNoRoute) {}

RouteMatch RouteTable::find(const net::Address& source, const net::Address& destination) const {
  const net::PrefixTable::Value value = prefixes_.find(destination);
  if (value == kNoRoute) return {};
  const Route& route = routes_[value];
  if (route.kind != RouteKind::unicast || route.legs.empty()) return {.kind = route.kind, .hop = {}};
  const RouteLeg& leg = choose(route, source, destination);
  return {.kind = RouteKind::unicast, .hop = {leg.gateway.value_or(destination), leg.interface, route.mtu}};
}

const RouteLeg& RouteTable::choose(const Route& route, const net::Address& source,
                                   const net::Address& destination) const {
  if (route.legs.size() == 1) return route.legs.front();
  std::uint64_t total = 0;
  for (const RouteLeg& leg : route.legs) total += leg.weight;
  std::uint64_t ticket = (net::hash({destination, 0}, net::hash({source, 0}, 0)) >> 32) * total >> 32;
  for (const RouteLeg& leg : route.legs) {
    if (ticket < leg.weight) return leg;
    ticket -= leg.weight;
  }
  return route.legs.back();
}

}  // namespace penstock::port
