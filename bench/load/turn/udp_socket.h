#pragma once
// Kernel UDP sockets as a load generator wants them: big buffers, GRO, their drops on record.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/net/address.h"

namespace penstock::load {

/// A net::Endpoint in the form system calls take.
struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t length = 0;

  SocketAddress() : v6{} {}
  explicit SocketAddress(const net::Endpoint& endpoint);
  net::Endpoint endpoint() const;
};

struct UdpSocketOptions {
  bool gro = false;            ///< receive trains whole (UDP_GRO)
  bool pktinfo = false;        ///< tell the destination address of what arrives (IPv4)
  int buffer_bytes = 8 << 20;  ///< of each queue; beyond rmem_max only with CAP_NET_ADMIN
};

/// A non-blocking UDP socket; owns its descriptor. Move only.
class UdpSocket {
 public:
  /// Bound to `local`; port 0 lets the kernel choose. The error names the endpoint and what the kernel said.
  static tl::expected<UdpSocket, std::string> bind(const net::Endpoint& local, const UdpSocketOptions& options);
  /// From now on exchanges datagrams with `remote` only, which spares the kernel a route lookup per packet.
  tl::expected<void, std::string> connect(const net::Endpoint& remote);

  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;
  ~UdpSocket();

  int fd() const { return fd_; }
  /// With the port the kernel chose.
  const net::Endpoint& local() const { return local_; }
  /// Datagrams the kernel dropped because this socket's receive queue was full, since it was opened.
  std::uint32_t receive_drops() const;

 private:
  UdpSocket(int fd, const net::Endpoint& local) : fd_(fd), local_(local) {}

  int fd_ = -1;
  net::Endpoint local_;
};

}  // namespace penstock::load
