#pragma once
// The L3 interfaces we forward on, as workers see them.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "dataplane/net/frame_headers.h"

namespace penstock::port {

/// A MAC address as the low 48 bits of a word, its first byte lowest: one atomic load on the packet path.
constexpr std::uint64_t mac_to_word(const net::MacAddress& mac) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < mac.size(); ++i) word |= std::uint64_t{mac[i]} << (8 * i);
  return word;
}
constexpr net::MacAddress mac_from_word(std::uint64_t word) {
  net::MacAddress mac{};
  if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
    std::memcpy(mac.data(), &word, mac.size());  // on the packet path: not byte by byte
    return mac;
  }
  for (std::size_t i = 0; i < mac.size(); ++i) mac[i] = static_cast<std::uint8_t>(word >> (8 * i));
  return mac;
}

/// A kernel interface that stands for one of our devices (bound by net_af_xdp, of a bifurcated NIC, or the tap of a
/// device that the kernel cannot see), or a VLAN on top of it. Written by the mirror's thread, read by every worker.
/// A place in the table belongs to one (device, VLAN) for good: a VLAN that is deleted and made again is the same one.
struct alignas(64) Interface {
  std::uint16_t device = 0;               ///< our number of the device, as MirrorDevice says
  std::uint16_t vlan = net::kNoVlan;      ///< the tag that frames carry, or kNoVlan
  std::atomic<std::uint32_t> ifindex{0};  ///< the kernel's number; 0 while the kernel has no such interface
  std::atomic<std::uint32_t> mtu{0};      ///< bytes of an IP packet
  std::atomic<bool> up{false};            ///< administratively up and with carrier
  std::atomic<std::uint64_t> mac{0};      ///< see mac_from_word

  net::MacAddress mac_address() const { return mac_from_word(mac.load(std::memory_order_relaxed)); }
};

using InterfaceIndex = std::uint16_t;
inline constexpr std::size_t kMostInterfaces = 1024;
using InterfaceTable = std::array<Interface, kMostInterfaces>;

}  // namespace penstock::port
