#pragma once
// A UDP socket as uring_port wants it. Opening one is what an Allocate costs most, so every option here is one that a
// default would get wrong.

#include <tl/expected.hpp>

#include "dataplane/net/address.h"
#include "dataplane/port/port.h"

namespace penstock::port {

struct SocketOptions {
  bool gro = true;         ///< deliver trains as one receive
  int receive_buffer = 0;  ///< bytes for SO_RCVBUF and SO_SNDBUF; 0 keeps the system's default
};

/// Opens a UDP socket bound to `local`. The caller closes the descriptor.
tl::expected<int, BindError> open_socket(const net::Endpoint& local, BindOptions bind, const SocketOptions& options);

/// From now on datagrams leave with DF set (IPv4) and are never fragmented here (both), or may be.
void set_dont_fragment(int fd, bool v6, bool on);

}  // namespace penstock::port
