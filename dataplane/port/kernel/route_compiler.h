#pragma once
// The kernel's routes become what workers look up (DESIGN.md section 1: a RIB becomes a FIB).

#include <vector>

#include "dataplane/port/kernel/link_model.h"
#include "dataplane/port/kernel/netlink_message.h"
#include "dataplane/port/kernel/route_table.h"

namespace penstock::port {

/// From the local and main tables, in the order the kernel told them. As in the kernel, the local table is asked first,
/// and of several routes for one prefix the one with the lowest metric counts, the first of equals. Ways through
/// interfaces that are down are left out while there are others.
std::vector<Route> compile_routes(const std::vector<RouteMessage>& routes, const LinkModel& links);

}  // namespace penstock::port
