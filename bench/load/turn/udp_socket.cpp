#include "bench/load/turn/udp_socket.h"

#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace penstock::load {
namespace {

/// Past rmem_max where we may, up to it where we may not.
void set_buffers(int fd, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
}

std::string failure(const char* call, const net::Endpoint& endpoint) {
  return fmt::format("{} {}: {}", call, net::to_string(endpoint), std::strerror(errno));
}

}  // namespace

SocketAddress::SocketAddress(const net::Endpoint& endpoint) : v6{} {
  const auto& bytes = endpoint.address.bytes;
  if (endpoint.address.is_v4()) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, bytes.data() + 12, 4);
    length = sizeof v4;
  } else {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, bytes.data(), 16);
    length = sizeof v6;
  }
}

net::Endpoint SocketAddress::endpoint() const {
  net::Endpoint endpoint;
  if (any.sa_family == AF_INET) {
    endpoint = {net::Address::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  } else {
    std::memcpy(endpoint.address.bytes.data(), &v6.sin6_addr, 16);
    endpoint.port = ntohs(v6.sin6_port);
  }
  return endpoint;
}

tl::expected<UdpSocket, std::string> UdpSocket::bind(const net::Endpoint& local, const UdpSocketOptions& options) {
  SocketAddress address(local);
  const int fd = ::socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return tl::unexpected(failure("socket for", local) + " (raise RLIMIT_NOFILE?)");
  UdpSocket socket(fd, local);
  set_buffers(fd, options.buffer_bytes);
  const int on = 1;
  if (options.gro && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) != 0) {
    return tl::unexpected(failure("UDP_GRO on", local));
  }
  if (options.pktinfo && setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0) {
    return tl::unexpected(failure("IP_PKTINFO on", local));
  }
  if (::bind(fd, &address.any, address.length) != 0) return tl::unexpected(failure("bind", local));
  if (getsockname(fd, &address.any, &address.length) != 0) return tl::unexpected(failure("getsockname", local));
  socket.local_ = address.endpoint();
  return socket;
}

tl::expected<void, std::string> UdpSocket::connect(const net::Endpoint& remote) {
  const SocketAddress address(remote);
  if (::connect(fd_, &address.any, address.length) != 0) return tl::unexpected(failure("connect", remote));
  return {};
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), local_(other.local_) {}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(local_, other.local_);
  return *this;
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) ::close(fd_);
}

std::uint32_t UdpSocket::receive_drops() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t length = sizeof memory;
  if (getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, memory.data(), &length) != 0) return 0;
  return memory[SK_MEMINFO_DROPS];
}

}  // namespace penstock::load
