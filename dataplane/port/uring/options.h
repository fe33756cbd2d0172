#pragma once
// What a uring_port is made of.

#include <cstdint>

namespace penstock::port {

struct UringOptions {
  /// Receive slabs of 64 KB, a power of two. Each holds one receive (a datagram or a train) until its last packet is
  /// freed, so there have to be more of them than a pass receives. Memory is used only as far as datagrams reach.
  std::uint32_t slabs = 1024;
  /// Packets that may be received and not yet freed.
  std::uint32_t packets = 8192;
  /// Endpoints bound at once; each needs a file descriptor.
  std::uint32_t max_locals = 65536;
  /// Bytes of kernel buffer of a shared or crowded endpoint (a listener, the endpoint of all rooms' media), each way. 0
  /// keeps the system's default.
  int listener_buffer = 8 << 20;
  /// The same for all other endpoints (relayed ports). 0 keeps the system's default and saves two system calls.
  int relayed_buffer = 0;
  /// Receive trains with UDP_GRO.
  bool gro = true;
  /// Send trains with UDP_SEGMENT.
  bool gso = true;
};

}  // namespace penstock::port
