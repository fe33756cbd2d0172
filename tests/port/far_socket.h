#pragma once
// The other end of a conversation with a port under test: a plain kernel socket.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/net/address.h"
#include "dataplane/port/uring/control_message.h"
#include "dataplane/port/uring/socket_address.h"

namespace penstock::port {

class FarSocket {
 public:
  struct Received {
    std::vector<std::uint8_t> bytes;
    net::Endpoint from;
    std::uint8_t tos = 0;
    std::uint16_t segment = 0;  ///< of a train, when gro is on
  };

  explicit FarSocket(const net::Address& address, bool gro = false) : v6_(!address.is_v4()) {
    fd_ = socket(v6_ ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    set(v6_ ? IPPROTO_IPV6 : IPPROTO_IP, v6_ ? IPV6_RECVTCLASS : IP_RECVTOS, 1);
    set(IPPROTO_UDP, UDP_GRO, gro ? 1 : 0);
    set(SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20);
    SocketAddress a;
    socklen_t size = encode({address, 0}, a);
    if (bind(fd_, &a.any, size) != 0) return;
    getsockname(fd_, &a.any, &size);
    endpoint_ = decode(&a, v6_);
  }
  ~FarSocket() { close(fd_); }
  FarSocket(const FarSocket&) = delete;
  FarSocket& operator=(const FarSocket&) = delete;

  const net::Endpoint& endpoint() const { return endpoint_; }
  int fd() const { return fd_; }
  void set(int level, int option, int value) { (void)setsockopt(fd_, level, option, &value, sizeof value); }

  /// One send: a datagram, or with `segment` a train. False when the kernel refused.
  bool send(const net::Endpoint& to, std::span<const std::uint8_t> bytes, std::uint16_t segment = 0,
            std::uint8_t tos = 0) {
    SocketAddress a;
    iovec piece{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    msghdr m{};
    m.msg_namelen = encode(to, a);
    m.msg_name = &a;
    m.msg_iov = &piece;
    m.msg_iovlen = 1;
    SendControl control;
    if (tos != 0) control.put_tos(tos, v6_);
    if (segment != 0) control.put_segment(segment);
    control.attach_to(m);
    return sendmsg(fd_, &m, 0) == static_cast<ssize_t>(bytes.size());
  }

  /// What one receive brings within `timeout_ms`.
  std::optional<Received> receive(int timeout_ms = 1000) {
    pollfd p{fd_, POLLIN, 0};
    if (poll(&p, 1, timeout_ms) != 1) return std::nullopt;
    Received r;
    r.bytes.resize(65536);
    SocketAddress a;
    alignas(cmsghdr) std::array<char, kReceiveControlSize> control;
    iovec piece{r.bytes.data(), r.bytes.size()};
    msghdr m{};
    m.msg_name = &a;
    m.msg_namelen = sizeof a;
    m.msg_iov = &piece;
    m.msg_iovlen = 1;
    m.msg_control = control.data();
    m.msg_controllen = control.size();
    const ssize_t n = recvmsg(fd_, &m, MSG_DONTWAIT);
    if (n < 0) return std::nullopt;
    r.bytes.resize(static_cast<std::size_t>(n));
    r.from = decode(&a, v6_);
    const ReceivedControl said = read_control(control.data(), m.msg_controllen);
    r.tos = said.tos;
    r.segment = said.segment;
    return r;
  }

 private:
  bool v6_;
  int fd_ = -1;
  net::Endpoint endpoint_;
};

}  // namespace penstock::port
