#pragma once
// What is asked of a kernel interface by ioctl(2), in the caller's network namespace.

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace penstock::port {

/// The kernel's answer, or nullopt. `data` goes along as ifr_data.
inline std::optional<ifreq> ask_interface(const std::string& interface, unsigned long question, void* data = nullptr) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = static_cast<char*>(data);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  const bool answered = ioctl(fd, question, &request) == 0;
  close(fd);
  return answered ? std::optional(request) : std::nullopt;
}

}  // namespace penstock::port
