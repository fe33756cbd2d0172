#pragma once
// The one packet type: an rte_mbuf that holds exactly one UDP payload, with source, destination and company in its
// private area. Every port produces and consumes it (DESIGN.md, decisions 1 and 2).

#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <span>

#include "dataplane/net/address.h"
#include "dataplane/net/checksum.h"

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
  std::uint8_t lead_size = 0;     ///< bytes of `lead` that go before the payload
  std::uint8_t tail_size = 0;     ///< zero bytes that go behind the payload
  std::uint16_t payload_sum = 0;  ///< with kSummed: of the payload as it arrived and as far as it is still there
  std::uint8_t prepended = 0;     ///< with kSummed: bytes in front that prepend() added and payload_sum lacks
  std::uint64_t arrival_ns = 0;   ///< monotonic time of the pass that received it
  alignas(64) std::array<std::uint8_t, kLeadCapacity> lead;

  /// The bytes next to the payload belong to a neighbour of its train and may not be written.
  static constexpr std::uint8_t kSharesHeadroom = 1;
  static constexpr std::uint8_t kSharesTailroom = 2;
  /// IPv4: set DF; IPv6: send no fragments (DONT-FRAGMENT, RFC 8656 section 14).
  static constexpr std::uint8_t kDontFragment = 4;
  /// payload_sum is known, from a checksum that was verified. The functions below keep it true; who writes into the
  /// payload past them clears the flag.
  static constexpr std::uint8_t kSummed = 8;
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

/// The payload's sum without its first `n` bytes, which are about to go.
inline void forget_front(Packet* p, std::size_t n) {
  PacketInfo& i = info(p);
  const std::size_t unsummed = std::min<std::size_t>(n, i.prepended);
  const std::size_t summed = n - unsummed;
  const std::uint16_t gone = fold(ones_sum(payload(p).subspan(unsummed, summed)));
  i.payload_sum = at_offset(without(i.payload_sum, gone), summed);
  i.prepended = static_cast<std::uint8_t>(i.prepended - unsummed);
}

/// The payload's sum without what lies behind its first `n` bytes.
inline void forget_back(Packet* p, std::size_t n) {
  PacketInfo& i = info(p);
  const std::size_t from = std::max<std::size_t>(n, i.prepended);
  const std::uint16_t gone = fold(ones_sum(payload(p).subspan(from)));
  i.payload_sum = without(i.payload_sum, at_offset(gone, from - i.prepended));
  i.prepended = static_cast<std::uint8_t>(std::min<std::size_t>(n, i.prepended));
}

/// Takes `n` bytes off the front of the payload. The caller has checked that they are there.
inline void strip(Packet* p, std::size_t n) {
  assert(n <= p->data_len);
  if ((info(p).flags & PacketInfo::kSummed) != 0) forget_front(p, n);
  p->data_off = static_cast<std::uint16_t>(p->data_off + n);
  p->data_len = static_cast<std::uint16_t>(p->data_len - n);
  p->pkt_len = p->data_len;
}

/// Cuts the payload to `n` bytes.
inline void truncate(Packet* p, std::size_t n) {
  PacketInfo& i = info(p);
  assert(n <= p->data_len);
  if (n == p->data_len) return;
  if ((i.flags & PacketInfo::kSummed) != 0) forget_back(p, n);
  i.flags &= static_cast<std::uint8_t>(~PacketInfo::kSharesTailroom);
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
    if ((i.flags & PacketInfo::kSummed) != 0) i.prepended = static_cast<std::uint8_t>(i.prepended + n);
    return rte_pktmbuf_mtod(p, std::uint8_t*);
  }
  i.lead_size = static_cast<std::uint8_t>(n);
  return i.lead.data();
}

/// Adds `n` (at most 3) zero bytes behind the payload, in place or at transmit. Zeros change no sum.
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

/// The one's-complement sum of what the packet has on the wire: lead, payload and tail. Reads the payload only where
/// its sum is not known.
inline std::uint16_t transmitted_sum(const Packet* p) {
  const PacketInfo& i = info(p);
  const std::span<const std::uint8_t> body = payload(p);
  const bool known = (i.flags & PacketInfo::kSummed) != 0;
  const std::size_t unsummed = known ? i.prepended : body.size();
  const std::uint16_t rest = known ? at_offset(i.payload_sum, unsummed) : 0;
  const std::uint16_t sum = fold(ones_sum(body.first(unsummed), rest));
  if (i.lead_size == 0) return sum;
  return fold(ones_sum({i.lead.data(), i.lead_size}, at_offset(sum, i.lead_size)));
}

}  // namespace penstock::net
