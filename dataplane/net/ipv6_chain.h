#pragma once
// IPv6's extension headers (RFC 8200 section 4), walked up to what they carry.

#include <cstddef>
#include <cstdint>
#include <span>

namespace penstock::net {

inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolFragment = 44;
inline constexpr std::uint8_t kProtocolIcmpv6 = 58;

/// Where the walk ended.
struct Ipv6Chain {
  enum class End : std::uint8_t {
    upper_layer,  ///< at a header that is none of IPv6's own, or at one of its security headers: `protocol` tells
    fragment,     ///< at a fragment header of a part of a datagram
    foreign,      ///< something only the kernel should answer: options with orders, a route not yet travelled
    truncated,    ///< a header reaches behind the end
  };
  End end;
  std::uint8_t protocol;  ///< of what follows; behind a fragment header, of what was cut up
  std::uint16_t at;       ///< its offset in the frame; of a fragment header, that header's
};

/// Walks from `at`, where a header of type `protocol` starts, to at most `end` (both offsets in `frame`, `end` inside
/// it). A fragment header around a whole datagram (RFC 6946) is passed over.
Ipv6Chain walk_ipv6_chain(std::span<const std::uint8_t> frame, std::uint8_t protocol, std::size_t at, std::size_t end);

}  // namespace penstock::net
