#include "dataplane/port/kernel/tap.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "dataplane/port/kernel/netlink_socket.h"

namespace penstock::port {
namespace {

constexpr std::size_t kLinkBytes = net::kEthernetHeaderBytes + 2 * net::kVlanTagBytes;

/// An error of attaching to the device, with what to do about it.
std::string attach_error(const std::string& name, int error) {
  const char* hint = "";
  if (error == EPERM || error == EACCES) hint = "; give the process CAP_NET_ADMIN";
  if (error == EBUSY) hint = "; an interface of that name exists: choose another name, or remove it with `ip link del`";
  return fmt::format("cannot make the tap '{}': {}{}", name, std::strerror(error), hint);
}

/// Everything that is asked of the kernel over netlink; a sentence on error.
tl::expected<void, std::string> configure(const TapOptions& options, unsigned ifindex) {
  auto socket = NetlinkSocket::create();
  if (!socket) return tl::unexpected(socket.error());
  const auto fail = [&](const std::string& what, int error) {
    return tl::unexpected(fmt::format("tap '{}': cannot {}: {}", options.name, what, std::strerror(error)));
  };
  if (const int e = socket->ask(set_link_request(ifindex, options.mac, options.mtu)); e != 0) {
    return fail(fmt::format("set its MAC address and an MTU of {}", options.mtu), e);
  }
  for (const InterfaceAddress& address : options.addresses) {
    if (const int e = socket->ask(add_address_request(ifindex, address)); e != 0) {
      return fail(fmt::format("add the address {}", to_string(address)), e);
    }
  }
  if (const int e = socket->ask(link_up_request(ifindex)); e != 0) return fail("bring it up", e);
  for (const net::Address& gateway : options.gateways) {
    const int e = socket->ask(add_default_route_request(ifindex, gateway));
    const char* const hint = e == EEXIST ? " (there is a default route already)" : " (is it within its networks?)";
    if (e != 0) return fail(fmt::format("route by the gateway {}{}", net::to_string(gateway), hint), e);
  }
  return {};
}

}  // namespace

tl::expected<Tap, std::string> Tap::create(const TapOptions& options) {
  if (options.name.empty() || options.name.size() >= IFNAMSIZ) {
    return tl::unexpected(fmt::format("'{}' is no name for a tap: 1 to 15 characters", options.name));
  }
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    return tl::unexpected(
        fmt::format("cannot open /dev/net/tun: {}; load the module tun (`modprobe tun`), and allow "
                    "the device and CAP_NET_ADMIN",
                    std::strerror(errno)));
  }
  Tap tap(fd, options.name, 0, options.mtu + kLinkBytes);  // closes the descriptor, whatever happens below
  ifreq request{};
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL);
  options.name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request) < 0) return tl::unexpected(attach_error(options.name, errno));
  // No offloads: frames come to us with finished checksums and not longer than the MTU.
  if (ioctl(fd, TUNSETOFFLOAD, 0) < 0) return tl::unexpected(attach_error(options.name, errno));
  tap.ifindex_ = if_nametoindex(options.name.c_str());
  if (auto done = configure(options, tap.ifindex_); !done) return tl::unexpected(done.error());
  return tap;
}

Tap::~Tap() {
  if (fd_ >= 0) close(fd_);
}

Tap::Tap(Tap&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      ifindex_(other.ifindex_),
      longest_frame_(other.longest_frame_) {}

bool Tap::set_carrier(bool on) {
  const unsigned carrier = on ? 1 : 0;
  return ioctl(fd_, TUNSETCARRIER, &carrier) == 0;
}

bool Tap::write(std::span<const std::uint8_t> frame) {
  return ::write(fd_, frame.data(), frame.size()) == static_cast<ssize_t>(frame.size());
}

std::size_t Tap::read(std::span<std::uint8_t> out) {
  const ssize_t size = ::read(fd_, out.data(), out.size());
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

}  // namespace penstock::port
