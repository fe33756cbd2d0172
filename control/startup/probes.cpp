// Start-up checks that touch the system.

#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "control/startup/checks.h"

namespace penstock::control {
namespace {

socklen_t to_sockaddr(const net::Endpoint& e, sockaddr_storage& out) {
  if (e.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(e.port);
    v4.sin_addr.s_addr = htonl(e.address.v4_host_order());
    std::memcpy(&out, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(e.port);
  std::memcpy(&v6.sin6_addr, e.address.bytes.data(), e.address.bytes.size());
  std::memcpy(&out, &v6, sizeof v6);
  return sizeof v6;
}

// A descriptor, or a negative errno value.
int bound_socket(const net::Endpoint& e) {
  sockaddr_storage address{};
  const socklen_t size = to_sockaddr(e, address);
  const int descriptor = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  // What strays in is not worth keeping.
  const int least = 0;
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size) == 0) return descriptor;
  const int error = errno;
  close(descriptor);
  return -error;
}

const char* fix_for(int error) {
  switch (error) {
    case EADDRINUSE:
      return "stop the program that has it, or choose another address or port with --listen";
    case EACCES:
      return "ports below 1024 need CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return "see 'ip addr' for the addresses of this host";
    default:
      return "see --listen";
  }
}

}  // namespace

void HeldEndpoints::let_go() {
  for (const int descriptor : descriptors_) close(descriptor);
  descriptors_.clear();
}

tl::expected<HeldEndpoints, std::string> hold_listeners(const std::vector<net::Endpoint>& listen) {
  HeldEndpoints held;
  for (const net::Endpoint& e : listen) {
    const int descriptor = bound_socket(e);
    if (descriptor < 0) {
      return tl::unexpected(fmt::format("cannot listen on {}: {}; {}", net::to_string(e), std::strerror(-descriptor),
                                        fix_for(-descriptor)));
    }
    held.add(descriptor);
  }
  return held;
}

std::vector<Finding> check_shared_interfaces(const std::vector<port::DeviceSpec>& devices) {
  Findings findings;
  for (const port::DeviceSpec& device : devices) {
    const std::string interface(device.kernel_interface());
    if (interface.empty() || if_nametoindex(interface.c_str()) != 0) continue;
    findings.refuse(fmt::format("dpdk:{}: this host has no interface {}", device.arguments, interface),
                    "'ip link' tells what there is; iface=NAME");
  }
  return findings.take();
}

std::vector<Finding> check_secrecy(const std::string& file) {
  struct stat facts{};
  if (file.empty() || stat(file.c_str(), &facts) != 0 || (facts.st_mode & S_IROTH) == 0) return {};
  return {{false, fmt::format("everybody on this host can read the passwords in {}", file),
           fmt::format("chmod o-r {}", file)}};
}

}  // namespace penstock::control
