#include "dataplane/port/kernel/route_follower.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "dataplane/port/kernel/monotonic.h"
#include "dataplane/port/kernel/route_compiler.h"

namespace penstock::port {
namespace {

// Under churn the tables are read at most this often ...
constexpr std::uint64_t kPace_ms = 20;
// ... and after a pause of this many times what reading took.
constexpr std::uint64_t kPause = 4;
constexpr std::size_t kMeanwhileEvery = 1024;

bool same_routes(std::span<const Route> a, std::span<const Route> b) {
  return std::ranges::equal(a, b);
}

}  // namespace

bool RouteFollower::read(std::vector<RouteMessage>& routes, const std::function<void()>& meanwhile) {
  routes.clear();
  for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    for (const std::uint32_t table : {RT_TABLE_LOCAL, RT_TABLE_MAIN}) {
      const int error = requests_.ask(routes_request(family, table), [&](const nlmsghdr& message) {
        if (auto route = parse_route(message)) routes.push_back(std::move(*route));
        if (routes.size() % kMeanwhileEvery == 0) meanwhile();
      });
      // ENOENT: the table does not exist (yet); EAFNOSUPPORT, EOPNOTSUPP: a kernel without IPv6.
      if (error != 0 && error != ENOENT && error != EAFNOSUPPORT && error != EOPNOTSUPP) return false;
    }
  }
  return true;
}

void RouteFollower::update(std::uint64_t now_ms, const std::function<void()>& meanwhile) {
  if (now_ms < due_ms()) return;
  std::vector<RouteMessage> messages;
  if (read(messages, meanwhile)) {
    changed_ = false;
    std::vector<Route> routes = compile_routes(messages, links_);
    counters_.routes.set(routes.size());
    if (!same_routes(routes, state_.routes().routes())) {
      state_.publish(RouteTable(std::move(routes)));
      counters_.route_updates.add();
    }
  } else {
    counters_.netlink_errors.add();  // torn by a change meanwhile: again
  }
  const std::uint64_t end_ms = monotonic_ms();
  next_ms_ = std::max(now_ms, end_ms) + std::max(kPace_ms, kPause * (end_ms - std::min(now_ms, end_ms)));
}

}  // namespace penstock::port
