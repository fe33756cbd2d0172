#pragma once
// The one packet type: an rte_mbuf that holds exactly one UDP payload, with source, destination and company in its
// private area. Every port produces and consumes it (DESIGN.md, decisions 1 and 2).

#include <rte_mbuf.h>

#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <span>

#include "dataplane/net/address.h"

namespace penstock::net {

using Packet = rte_mbuf;

/// A bound local endpoint of one worker's port: dense, small, reused after unbind.
using LocalId = std::uint32_t;
inline constexpr LocalId kNoLocal = UINT32_MAX;

/// What a port resolved for a (local, remote) pair; opaque above the port. Kept in flows, copied into packets.
using PathId = std::uint32_t;
inline constexpr PathId kNoPath = UINT32_MAX;

/// Index of an entry in the worker's flow table.
using FlowId = std::uint32_t;
inline constexpr FlowId kNoFlow = UINT32_MAX;

/// Bytes that fit in front of a payload without touching it: a Data indication's header for IPv6 needs 48.
inline constexpr std::size_t kLeadCapacity = 64;

/// The private area of a packet.
struct alignas(64) PacketInfo {
  Endpoint remote;           ///< on receive the source, on transmit the destination
  LocalId local = kNoLocal;  ///< on receive where it arrived, on transmit where it leaves from
  PathId path = kNoPath;     ///< set before transmit
  FlowId flow = kNoFlow;     ///< set by classify; kNoFlow when only the local endpoint is known
  std::uint16_t train = 0;   ///< packets of one receive with the same non-zero number are a train, in order
  std::uint8_t tos = 0;      ///< DSCP and ECN, the IPv4 TOS or IPv6 traffic class byte; carried across
  std::uint8_t flags = 0;
  std::uint8_t lead_size = 0;    ///< bytes of `lead` that go before the payload
  std::uint8_t tail_size = 0;    ///< zero bytes that go behind the payload
  std::uint64_t arrival_ns = 0;  ///< monotonic time of the pass that received it
  alignas(64) std::array<std::uint8_t, kLeadCapacity> lead;

  /// The bytes next to the payload belong to a neighbour of its train and may not be written.
  static constexpr std::uint8_t kSharesHeadroom = 1;
  static constexpr std::uint8_t kSharesTailroom = 2;
  /// IPv4: set DF; IPv6: send no fragments (DONT-FRAGMENT, RFC 8656 section 14).
  static constexpr std::uint8_t kDontFragment = 4;
};
static_assert(sizeof(PacketInfo) == 128 && offsetof(PacketInfo, lead) == 64, "one line of facts, one line of lead");

/// The private area; sits right behind the mbuf.
inline PacketInfo& info(Packet* p) {
  return *reinterpret_cast<PacketInfo*>(p + 1);
}
inline const PacketInfo& info(const Packet* p) {
  return *reinterpret_cast<const PacketInfo*>(p + 1);
}

inline std::span<std::uint8_t> payload(Packet* p) {
  return {rte_pktmbuf_mtod(p, std::uint8_t*), p->data_len};
}
inline std::span<const std::uint8_t> payload(const Packet* p) {
  return {rte_pktmbuf_mtod(p, const std::uint8_t*), p->data_len};
}

/// Bytes the packet has on the wire: lead, payload and tail.
inline std::size_t wire_size(const Packet* p) {
  const PacketInfo& i = info(p);
  return std::size_t{p->data_len} + i.lead_size + i.tail_size;
}

/// Takes `n` bytes off the front of the payload. The caller has checked that they are there.
inline void strip(Packet* p, std::size_t n) {
  assert(n <= p->data_len);
  p->data_off = static_cast<std::uint16_t>(p->data_off + n);
  p->data_len = static_cast<std::uint16_t>(p->data_len - n);
  p->pkt_len = p->data_len;
}

/// Cuts the payload to `n` bytes.
inline void truncate(Packet* p, std::size_t n) {
  assert(n <= p->data_len);
  if (n < p->data_len) info(p).flags &= static_cast<std::uint8_t>(~PacketInfo::kSharesTailroom);
  p->data_len = static_cast<std::uint16_t>(n);
  p->pkt_len = p->data_len;
}

/// Room for `n` bytes (at most kLeadCapacity) in front of the payload, for the caller to fill; called once per packet.
/// They go into the packet's own headroom when it has it, else are gathered from the private area at transmit.
inline std::uint8_t* prepend(Packet* p, std::size_t n) {
  PacketInfo& i = info(p);
  assert(n <= kLeadCapacity && i.lead_size == 0);
  if ((i.flags & PacketInfo::kSharesHeadroom) == 0 && p->data_off >= n) {
    p->data_off = static_cast<std::uint16_t>(p->data_off - n);
    p->data_len = static_cast<std::uint16_t>(p->data_len + n);
    p->pkt_len = p->data_len;
    return rte_pktmbuf_mtod(p, std::uint8_t*);
  }
  i.lead_size = static_cast<std::uint8_t>(n);
  return i.lead.data();
}

/// Adds `n` (at most 3) zero bytes behind the payload, in place or at transmit.
inline void append_zeros(Packet* p, std::size_t n) {
  PacketInfo& i = info(p);
  assert(n <= 3 && i.tail_size == 0);
  if ((i.flags & PacketInfo::kSharesTailroom) == 0 && rte_pktmbuf_tailroom(p) >= n) {
    std::memset(rte_pktmbuf_mtod_offset(p, std::uint8_t*, p->data_len), 0, n);
    p->data_len = static_cast<std::uint16_t>(p->data_len + n);
    p->pkt_len = p->data_len;
    return;
  }
  i.tail_size = static_cast<std::uint8_t>(n);
}

}  // namespace penstock::net
