#pragma once
// From one receive to packets: each datagram of a train becomes an mbuf that refers to its slice of the buffer.

#include <rte_mbuf.h>

#include <algorithm>
#include <cstdint>
#include <span>

#include "dataplane/net/packet.h"

namespace penstock::port {

/// What one receive brought: a datagram, or a train of them back to back (UDP_GRO).
struct Arrival {
  std::uint8_t* payload = nullptr;
  std::uint32_t size = 0;      ///< bytes of payload, all datagrams
  std::uint16_t segment = 0;   ///< bytes of each datagram but the last, which may be shorter; 0: one datagram
  std::uint16_t headroom = 0;  ///< writable bytes before the first datagram
  std::uint16_t tailroom = 0;  ///< writable bytes behind the last
  rte_mbuf_ext_shared_info* shared = nullptr;  ///< counts the packets that refer to the buffer, and frees it
  net::Endpoint remote;
  net::LocalId local = net::kNoLocal;
  std::uint16_t train = 0;  ///< its number when it is one
  std::uint8_t tos = 0;
  std::uint64_t arrival_ns = 0;

  /// Datagrams it holds. An empty datagram is one, too.
  std::uint32_t datagrams() const {
    if (segment == 0 || size <= segment) return 1;
    return (size + segment - 1) / segment;
  }
};

/// Makes `packets` the datagrams [first, first + packets.size()) of `a`. The buffer's reference count has to cover
/// them already.
inline void slice(const Arrival& a, std::uint32_t first, std::span<net::Packet*> packets) {
  const std::uint32_t last = a.datagrams() - 1;
  std::uint32_t index = first;
  for (net::Packet* p : packets) {
    const std::uint32_t offset = index * a.segment;
    const std::uint32_t left = a.size - offset;
    const auto size = static_cast<std::uint16_t>(index == last ? left : a.segment);
    const std::uint16_t headroom = index == 0 ? a.headroom : std::uint16_t{0};
    const std::uint32_t tailroom = index == last ? a.tailroom : 0;
    // An mbuf describes at most 65,535 bytes of buffer: each gets its own window.
    const auto window = static_cast<std::uint16_t>(std::min<std::uint32_t>(headroom + size + tailroom, UINT16_MAX));
    rte_pktmbuf_attach_extbuf(p, a.payload + offset - headroom, RTE_BAD_IOVA, window, a.shared);
    p->data_off = headroom;
    p->data_len = size;
    p->pkt_len = size;
    net::PacketInfo& i = net::info(p);
    i.remote = a.remote;
    i.local = a.local;
    i.train = a.train;
    i.tos = a.tos;
    i.arrival_ns = a.arrival_ns;
    i.flags = static_cast<std::uint8_t>((index != 0 ? net::PacketInfo::kSharesHeadroom : 0) |
                                        (index != last ? net::PacketInfo::kSharesTailroom : 0));
    ++index;
  }
}

}  // namespace penstock::port
