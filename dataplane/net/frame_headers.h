#pragma once
// The headers of an outgoing datagram, written backwards from its payload: UDP, IP, 802.1Q, Ethernet.

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/net/address.h"
#include "dataplane/net/frame.h"

namespace penstock::net {

using MacAddress = std::array<std::uint8_t, 6>;

inline constexpr std::size_t kEthernetHeaderBytes = 14;
inline constexpr std::size_t kVlanTagBytes = 4;
inline constexpr std::size_t kIpv4HeaderBytes = 20;
inline constexpr std::size_t kIpv6HeaderBytes = 40;
inline constexpr std::size_t kIpv6FragmentHeaderBytes = 8;
inline constexpr std::size_t kUdpHeaderBytes = 8;

/// The link part, the same for everything that goes to one next hop.
struct LinkHeader {
  MacAddress destination{};
  MacAddress source{};
  std::uint16_t vlan = kNoVlan;
};

/// The IP and UDP part. Both endpoints are of one family.
struct DatagramHeader {
  const Endpoint& source;
  const Endpoint& destination;
  std::uint16_t payload_size;      ///< UDP payload, at most 65,507 bytes
  std::uint16_t udp_checksum = 0;  ///< as it lies in memory: full_udp_checksum or offloaded_udp_checksum
  std::uint16_t ip_id = 0;         ///< IPv4, host order; any value with DF (RFC 6864 section 4.1)
  std::uint8_t tos = 0;
  std::uint8_t ttl = 64;
  bool dont_fragment = true;  ///< IPv4's DF; without meaning for IPv6
};

/// Bytes of link and IP headers, and of all headers, in front of a UDP payload.
constexpr std::size_t link_header_size(bool tagged) {
  return kEthernetHeaderBytes + (tagged ? kVlanTagBytes : 0);
}
constexpr std::size_t headers_size(bool v6, bool tagged) {
  return link_header_size(tagged) + (v6 ? kIpv6HeaderBytes : kIpv4HeaderBytes) + kUdpHeaderBytes;
}

/// The checksum of a datagram from its payload's sum (transmitted_sum). Never 0.
std::uint16_t full_udp_checksum(const DatagramHeader& h, std::uint16_t payload_sum);
/// What a device wants to find there that finishes the checksum itself: the pseudo-header's sum.
std::uint16_t offloaded_udp_checksum(const DatagramHeader& h);

/// Writes all headers in front of `payload`, where headers_size() bytes must be writable, and returns the frame's first
/// byte. The IPv4 header checksum is always complete.
std::uint8_t* write_headers(std::uint8_t* payload, const LinkHeader& link, const DatagramHeader& h);

}  // namespace penstock::net
