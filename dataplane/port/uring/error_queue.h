#pragma once
// ICMP errors from a socket's error queue (IP_RECVERR, IPV6_RECVERR).

#include <cstddef>

#include "dataplane/port/icmp_error_queue.h"
#include "dataplane/port/uring/socket_table.h"

namespace penstock::port {

/// Empties the socket's error queue into `out`, which also clears the error that the next call on the socket would
/// return. Errors that this host made itself are skipped. Returns how many entries were read.
std::size_t read_error_queue(const Socket& socket, net::LocalId local, IcmpErrorQueue& out);

}  // namespace penstock::port
