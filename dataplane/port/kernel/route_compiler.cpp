#include "dataplane/port/kernel/route_compiler.h"

#include <algorithm>
#include <limits>
#include <span>
#include <tuple>

namespace penstock::port {
namespace {

RouteKind kind_of(std::uint8_t type) {
  switch (type) {
    case RTN_UNICAST:
      return RouteKind::unicast;
    case RTN_LOCAL:
      return RouteKind::local;
    case RTN_BROADCAST:
    case RTN_MULTICAST:
    case RTN_ANYCAST:
      return RouteKind::broadcast;
    case RTN_BLACKHOLE:
    case RTN_UNREACHABLE:
    case RTN_PROHIBIT:
      return RouteKind::unreachable;
    default:
      return RouteKind::none;  // throw: no other table follows that we know of
  }
}

/// What IPv6's tables say about ::ffff:0:0/96 is not about IPv4.
bool is_mapped_ipv6(const RouteMessage& route) {
  return route.v6 && route.prefix.length >= 96 && route.prefix.address.is_v4();
}

/// Link-local addresses are nothing that a relay sends to, and their routes come and go with every interface, each time
/// making every path stale.
bool is_link_local(const RouteMessage& route) {
  const auto& bytes = route.prefix.address.bytes;
  return route.v6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80 && route.prefix.length >= 10;
}

bool counts(const RouteMessage& route) {
  const bool dead = !route.legs.empty() && std::ranges::all_of(route.legs, [](const auto& leg) { return leg.dead; });
  return route.tos == 0 && !route.cloned && !dead && !is_mapped_ipv6(route) && !is_link_local(route);
}

/// Our part of a unicast route's ways.
std::vector<RouteLeg> legs_of(const RouteMessage& route, const LinkModel& links) {
  std::vector<RouteLeg> legs;
  bool any_up = false;
  for (const RouteMessage::Leg& leg : route.legs) {
    const auto interface = links.find(leg.ifindex);
    if (!interface || leg.dead || leg.tunnel) continue;
    legs.push_back({leg.gateway, *interface, leg.weight});
    any_up = any_up || links.is_up(*interface);
  }
  if (any_up) std::erase_if(legs, [&](const RouteLeg& leg) { return !links.is_up(leg.interface); });
  return legs;
}

Route compile(const RouteMessage& message, const LinkModel& links) {
  Route route{.prefix = message.prefix, .kind = kind_of(message.type), .mtu = 0, .legs = {}};
  if (route.kind != RouteKind::unicast) return route;
  route.mtu = message.mtu <= std::numeric_limits<std::uint16_t>::max() ? static_cast<std::uint16_t>(message.mtu) : 0;
  route.legs = legs_of(message, links);
  if (route.legs.empty()) route.kind = RouteKind::not_ours;
  return route;
}

/// The best route of each prefix, by prefix.
std::vector<const RouteMessage*> best_of(const std::vector<RouteMessage>& routes, std::uint32_t table) {
  std::vector<const RouteMessage*> best;
  for (const RouteMessage& route : routes) {
    if (route.table == table && counts(route)) best.push_back(&route);
  }
  // By address of the message last: the kernel's order, which all of them lie in.
  const auto rank = [](const RouteMessage* r) { return std::tuple(r->prefix.address, r->prefix.length, r->metric, r); };
  std::ranges::sort(best, {}, rank);
  const auto [first, last] = std::ranges::unique(
      best, {}, [](const RouteMessage* r) { return std::tuple(r->prefix.address, r->prefix.length); });
  best.erase(first, last);
  return best;
}

/// The local table is asked first, so a main route inside one of its prefixes is never reached, however long.
bool is_hidden(const RouteMessage& route, std::span<const RouteMessage* const> local) {
  return std::ranges::any_of(local, [&](const RouteMessage* l) {
    return l->prefix.length < 128 && l->prefix.length <= route.prefix.length &&
           l->prefix.contains(route.prefix.address) && kind_of(l->type) != RouteKind::none;
  });
}

}  // namespace

std::vector<Route> compile_routes(const std::vector<RouteMessage>& messages, const LinkModel& links) {
  const std::vector<const RouteMessage*> local = best_of(messages, RT_TABLE_LOCAL);
  std::vector<const RouteMessage*> local_networks;  // few; host routes cannot hide anything but themselves
  std::ranges::copy_if(local, std::back_inserter(local_networks),
                       [](const RouteMessage* r) { return r->prefix.length < 128; });
  std::vector<Route> routes;
  for (const RouteMessage* route : best_of(messages, RT_TABLE_MAIN)) {
    if (!is_hidden(*route, local_networks)) routes.push_back(compile(*route, links));
  }
  // Last, because the last route for a prefix counts.
  for (const RouteMessage* route : local) routes.push_back(compile(*route, links));
  return routes;
}

}  // namespace penstock::port
