#pragma once
// Endpoints to and from the kernel's socket addresses: v4-mapped here, AF_INET there.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "dataplane/net/address.h"

namespace penstock::port {

/// A socket address of either family.
union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

/// Writes `e` and returns the bytes that count.
inline socklen_t encode(const net::Endpoint& e, SocketAddress& out) {
  if (e.address.is_v4()) {
    out.v4 = {};
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(e.port);
    std::memcpy(&out.v4.sin_addr, e.address.bytes.data() + 12, 4);
    return sizeof out.v4;
  }
  out.v6 = {};
  out.v6.sin6_family = AF_INET6;
  out.v6.sin6_port = htons(e.port);
  std::memcpy(&out.v6.sin6_addr, e.address.bytes.data(), 16);
  return sizeof out.v6;
}

/// The endpoint at `name`, which holds a sockaddr_in or, when `v6`, a sockaddr_in6.
inline net::Endpoint decode(const void* name, bool v6) {
  net::Endpoint e;
  if (v6) {
    sockaddr_in6 a;
    std::memcpy(&a, name, sizeof a);
    std::memcpy(e.address.bytes.data(), &a.sin6_addr, 16);
    e.port = ntohs(a.sin6_port);
    return e;
  }
  sockaddr_in a;
  std::memcpy(&a, name, sizeof a);
  e.address = net::Address::v4(ntohl(a.sin_addr.s_addr));
  e.port = ntohs(a.sin_port);
  return e;
}

}  // namespace penstock::port
