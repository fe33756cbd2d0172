#pragma once
// Addresses as IP headers carry them, and which of them nobody may send from.

#include <bit>
#include <cstdint>
#include <cstring>

#include "dataplane/net/address.h"

namespace penstock::net {

/// The four bytes at `p` as a v4-mapped address, stored as one word so that the next load of it need not wait.
inline Address load_ipv4(const std::uint8_t* p) {
  std::uint32_t v4 = 0;
  std::memcpy(&v4, p, sizeof v4);
  const std::uint64_t low =
      std::endian::native == std::endian::little ? std::uint64_t{v4} << 32 | 0xffff0000 : 0x0000ffff00000000 | v4;
  Address a;
  std::memcpy(a.bytes.data() + 8, &low, sizeof low);
  return a;
}

inline Address load_ipv6(const std::uint8_t* p) {
  Address a;
  std::memcpy(a.bytes.data(), p, sizeof a.bytes);
  return a;
}

/// This network, loopback, multicast, reserved, broadcast: none is a source (RFC 1122 section 3.2.1.3, RFC 6890).
constexpr bool is_martian_ipv4_source(std::uint32_t host_order) {
  const std::uint32_t top = host_order >> 24;
  return top == 0 || top == 127 || top >= 224;
}

/// Whether an IPv6 header carries what is an IPv4 address in our form: it would pass for that host.
inline bool is_mapped(const Address& from_ipv6_header) {
  return from_ipv6_header.is_v4();
}

/// Unspecified, loopback, multicast, v4-mapped.
inline bool is_martian_ipv6_source(const Address& a) {
  if (a.bytes[0] == 0xff) return true;
  if (a.high() != 0) return false;
  constexpr std::uint64_t kLoopback = std::endian::native == std::endian::little ? std::uint64_t{1} << 56 : 1;
  return a.low() == 0 || a.low() == kLoopback || is_mapped(a);
}

}  // namespace penstock::net
