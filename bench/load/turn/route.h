#pragma once
// How a datagram gets from one of our addresses to a remote one: all that sendmsg needs besides the bytes.

#include <array>
#include <cstdint>

#include "bench/load/turn/udp_socket.h"
#include "dataplane/net/address.h"

namespace penstock::load {

/// Plain data. The socket is its owner's (ClientGrid, PeerSockets) and must outlive it.
struct Route {
  int fd = -1;
  SocketAddress destination;  ///< length 0 if the socket is connected
  alignas(8) std::array<std::uint8_t, 64> control{};
  std::size_t control_length = 0;

  /// Leave from this address of the socket's (IP_PKTINFO, IPv4), which may be bound to any.
  void set_source(const net::Address& source);
  /// The kernel cuts what is sent into datagrams of so many bytes (UDP_SEGMENT).
  void set_segment(std::uint16_t bytes);

  /// One datagram; false if the kernel would not take it now.
  bool send(const std::uint8_t* data, std::size_t bytes) const;

 private:
  void append_control(int level, int type, const void* value, std::size_t bytes);
};

}  // namespace penstock::load
