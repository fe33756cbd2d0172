#include "dataplane/port/uring/socket.h"

#include <unistd.h>

#include <cerrno>

#include "dataplane/port/uring/control_message.h"
#include "dataplane/port/uring/socket_address.h"

namespace penstock::port {
namespace {

void set(int fd, int level, int option, int value) {
  // Every option is either known to all kernels that uring_port runs on or, like UDP_GRO, only makes things faster.
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

void set_buffer(int fd, int force, int option, int bytes) {
  // The forced variant may exceed net.core.rmem_max, but needs CAP_NET_ADMIN.
  if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof bytes) != 0) set(fd, SOL_SOCKET, option, bytes);
}

BindError bind_error(int error) {
  switch (error) {
    case EADDRINUSE:
    case EACCES:  // a privileged port: for the caller as good as taken
      return BindError::in_use;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EINVAL:  // a link-local address without a scope
      return BindError::no_address;
    default:
      return BindError::no_resources;
  }
}

void set_options(int fd, bool v6, BindOptions bind, const SocketOptions& options) {
  if (v6) {
    set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    if (bind.icmp_errors) set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
  } else {
    set(fd, IPPROTO_IP, IP_RECVTOS, 1);
    // IPv6 fragments at the source unless told otherwise; IPv4 would set DF by default.
    set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    if (bind.icmp_errors) set(fd, IPPROTO_IP, IP_RECVERR, 1);
  }
  if (options.gro) set(fd, IPPROTO_UDP, UDP_GRO, 1);
  set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
  if (options.receive_buffer != 0) {
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.receive_buffer);
  }
}

}  // namespace

tl::expected<int, BindError> open_socket(const net::Endpoint& local, BindOptions bind, const SocketOptions& options) {
  if (local.port == 0) return tl::unexpected(BindError::no_resources);
  const bool v6 = !local.address.is_v4();
  const int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return tl::unexpected(errno == EAFNOSUPPORT ? BindError::no_address : BindError::no_resources);
  if (v6) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (bind.shared) set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  // Bound before the rest: a port in use is found after two system calls.
  SocketAddress address;
  const socklen_t size = encode(local, address);
  if (::bind(fd, &address.any, size) != 0) {
    const int error = errno;
    close(fd);
    return tl::unexpected(bind_error(error));
  }
  set_options(fd, v6, bind, options);
  return fd;
}

void set_dont_fragment(int fd, bool v6, bool on) {
  if (v6) {
    set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, on ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_WANT);
  } else {
    set(fd, IPPROTO_IP, IP_MTU_DISCOVER, on ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
  }
}

}  // namespace penstock::port
