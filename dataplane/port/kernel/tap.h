#pragma once
// A tap device: how the kernel sees a port that it cannot see.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/address.h"
#include "dataplane/net/frame_headers.h"
#include "dataplane/port/kernel/interface_address.h"

namespace penstock::port {

struct TapOptions {
  std::string name;  ///< up to 15 characters; must not exist yet
  net::MacAddress mac{};
  std::uint32_t mtu = 1500;
  std::vector<InterfaceAddress> addresses = {};
  std::vector<net::Address> gateways = {};  ///< default routes, at most one per family makes sense
};

/// Owns the device: it goes with this object, and with the process. Non-blocking.
class Tap {
 public:
  /// Makes it, gives it its addresses and gateways, and brings it up. Needs CAP_NET_ADMIN and /dev/net/tun.
  static tl::expected<Tap, std::string> create(const TapOptions& options);
  ~Tap();
  Tap(Tap&& other) noexcept;
  Tap& operator=(Tap&&) = delete;

  const std::string& name() const { return name_; }
  unsigned ifindex() const { return ifindex_; }
  int fd() const { return fd_; }
  /// Bytes of the longest frame: MTU, Ethernet header and two VLAN tags.
  std::size_t longest_frame() const { return longest_frame_; }

  /// From any thread: tells the kernel that the device's link came up or went down. Off, its routes and neighbours are
  /// treated as on any interface without carrier.
  bool set_carrier(bool on);
  /// Hands a frame to the kernel as if it had arrived on the wire. False when the kernel does not take it.
  bool write(std::span<const std::uint8_t> frame);
  /// A frame that the kernel sends, complete with checksums; returns its size, 0 when there is none.
  std::size_t read(std::span<std::uint8_t> out);

 private:
  Tap(int fd, std::string name, unsigned ifindex, std::size_t longest_frame)
      : fd_(fd), name_(std::move(name)), ifindex_(ifindex), longest_frame_(longest_frame) {}

  int fd_;
  std::string name_;
  unsigned ifindex_;
  std::size_t longest_frame_;
};

}  // namespace penstock::port
