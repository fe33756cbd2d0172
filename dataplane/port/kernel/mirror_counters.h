#pragma once
// What the mirror counts; metrics read it live.

#include <array>

#include "dataplane/net/counter.h"
#include "dataplane/port/kernel/hop_table.h"

namespace penstock::port {

/// Written by the mirror's thread.
struct MirrorCounters {
  std::array<net::Counter, kHopStateCount> neighbours;  ///< gauges, by HopState
  net::Counter interfaces, routes;                      ///< gauges
  net::Counter route_updates;                           ///< route tables published
  net::Counter resyncs;                                 ///< everything read anew: on lost notices, and now and then
  net::Counter netlink_errors;                          ///< requests that the kernel refused, and notices lost
};

}  // namespace penstock::port
