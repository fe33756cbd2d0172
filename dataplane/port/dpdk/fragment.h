#pragma once
// One datagram too big for its link, cut into IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5).

#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "dataplane/net/drop.h"
#include "dataplane/net/packet.h"
#include "dataplane/net/packet_pool.h"

namespace penstock::port {

/// More pieces than this are not made of one datagram: 64 KB over the smallest IPv6 link need 53.
inline constexpr std::size_t kMaxFragments = 64;

/// Cuts `frame`, an mbuf that holds a whole Ethernet frame as net::write_headers makes it with a complete UDP checksum,
/// into frames whose IP packets fit `mtu`. IPv4 fragments carry the frame's own IP id, IPv6 fragments `ipv6_id`.
/// Returns how many packets of `pool` were put into `out`, in order; they are the caller's, and so is `frame` still.
/// All or none: tx_too_big when `out` or the pool's packets are too small for it or DF is set, tx_no_buffer when the
/// pool is empty.
tl::expected<std::size_t, net::Drop> fragment(const net::Packet* frame, std::size_t mtu, std::uint32_t ipv6_id,
                                              net::PacketPool& pool, std::span<net::Packet*> out);

}  // namespace penstock::port
