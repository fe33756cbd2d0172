#pragma once
// What an Ethernet frame is to a relay: a UDP datagram, an ICMP error about one, a fragment of one, or somebody else's.

#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/net/address.h"

namespace penstock::net {

enum class FrameKind : std::uint8_t {
  datagram,    ///< a whole UDP datagram
  icmp_error,  ///< an ICMP error that quotes a UDP datagram
  fragment,    ///< an IP fragment of a UDP datagram
  other,       ///< not understood or not UDP: the kernel's
  malformed,   ///< IP or UDP that no honest host sends: to be counted and dropped
};

/// Frame::vlan of an untagged frame. Tag 0 only carries a priority (IEEE 802.1Q) and counts as untagged.
inline constexpr std::uint16_t kNoVlan = 0xffff;

/// What parse_frame found. Offsets count from the frame's first byte and are zero where there is nothing.
struct Frame {
  FrameKind kind = FrameKind::other;
  bool v6 = false;
  bool dont_fragment = false;      ///< the IPv4 header's DF
  std::uint8_t tos = 0;            ///< DSCP and ECN, the IPv4 TOS or IPv6 traffic class byte
  std::uint8_t ttl = 0;            ///< or hop limit
  std::uint8_t icmp_type = 0;      ///< icmp_error only, as on the wire: ICMPv4 and ICMPv6 number differently
  std::uint8_t icmp_code = 0;      ///< icmp_error only
  std::uint16_t vlan = kNoVlan;    ///< VLAN id
  std::uint16_t l3 = 0;            ///< IP header
  std::uint16_t l4 = 0;            ///< UDP or ICMP header; in a fragment its data (IPv4) or fragment header (IPv6)
  std::uint16_t payload = 0;       ///< UDP payload; in an icmp_error the quoted IP header; in a fragment its data
  std::uint16_t payload_size = 0;  ///< bytes of it, without Ethernet's padding
  std::uint16_t udp_checksum = 0;  ///< as it lies in memory (see checksum.h); 0: the sender made none (IPv4)
  std::uint32_t icmp_data = 0;     ///< the next hop's MTU of "fragmentation needed" and "packet too big", else 0
  /// datagram: who sent it. icmp_error: who sent the quoted datagram, so one of ours. fragment: port 0.
  Endpoint source;
  /// datagram: to whom. icmp_error: to whom the quoted datagram went. fragment: port 0.
  Endpoint destination;
};

/// Takes `frame` apart; total, reads nothing behind its end. UDP checksums are not verified (see
/// verified_payload_sum), ICMP checksums are. `ip_checksum_good`: the device has verified the IPv4 header's.
Frame parse_frame(std::span<const std::uint8_t> frame, bool ip_checksum_good = false);

/// The one's-complement sum of a datagram's payload (PacketInfo::payload_sum) if its UDP checksum holds or the sender
/// made none; nullopt when the datagram is damaged. Reads the payload.
std::optional<std::uint16_t> verified_payload_sum(std::span<const std::uint8_t> frame, const Frame& datagram);

/// The same without reading the payload, for a datagram whose checksum the device has verified: what the checksum
/// leaves once the headers are taken out. `datagram.udp_checksum` must not be 0.
std::uint16_t implied_payload_sum(const Frame& datagram);

}  // namespace penstock::net
