// Each step asks for what the step before has found the way to. By DPDK's prefetch, which is opaque to the compiler: a
// function of built-in ones it takes for one without effect, and leaves out the call.
#include "turn/look_ahead.h"

#include <rte_prefetch.h>

#include <array>
#include <optional>

#include "dataplane/stun/attributes.h"
#include "turn/first_bytes.h"
#include "turn/flows.h"

namespace penstock::turn {
namespace {

// Hashes of what is to be looked up in one table.
struct Hashes {
  std::array<std::uint32_t, kLookAhead> values;
  std::size_t size = 0;

  void add(std::uint32_t hash) { values[size++] = hash; }
  std::span<const std::uint32_t> all() const { return {values.data(), size}; }
};

// The peer of a Send indication, where everybody puts it: first of the attributes.
std::optional<net::Address> peek_peer(const net::Packet* p) {
  const stun::Bytes datagram = net::payload(p);
  constexpr std::size_t kValue = stun::kHeaderBytes + stun::kAttributeHeaderBytes;
  if (datagram.size() < kValue) return std::nullopt;
  const std::size_t size = stun::load_be16(&datagram[stun::kHeaderBytes + 2]);
  if (stun::load_be16(&datagram[stun::kHeaderBytes]) != 0x0012 || datagram.size() < kValue + size) return std::nullopt;
  const auto peer = stun::decode_xor_address(datagram.subspan(kValue, size), datagram.subspan<8, 12>());
  return peer ? std::optional(peer->address) : std::nullopt;
}

// The allocation, and the first bytes.
void ask_for_allocation(const Core& core, const net::Packet* p) {
  rte_prefetch0(first_bytes(p));
  const net::PacketInfo& info = net::info(p);
  if (info.flow == net::kNoFlow) {
    const std::uint32_t allocation = core.allocations.find_local(info.local);
    if (allocation != kNone) core.allocations.prefetch_to_client(allocation);
    return;
  }
  const engine::Flow& flow = core.flows[info.flow];
  if (kind(flow) == FlowKind::client) {
    core.allocations.prefetch_to_peer(flow.index);
    core.channels.prefetch_at(last_channel(flow));
  }
  if (kind(flow) == FlowKind::channel) core.allocations.prefetch_to_client(flow.index);
}

// The slot that leads to the channel or the permission.
void ask_for_slot(const Core& core, const net::Packet* p, Hashes& channels, Hashes& permissions) {
  const net::PacketInfo& info = net::info(p);
  if (info.flow == net::kNoFlow) {
    const std::uint32_t allocation = core.allocations.find_local(info.local);
    if (allocation != kNone) permissions.add(core.permissions.hash(allocation, info.remote.address));
    return;
  }
  const engine::Flow& flow = core.flows[info.flow];
  if (kind(flow) != FlowKind::client) return;
  if (is_channel_data(p)) {
    const auto number = static_cast<std::uint16_t>(channel_header(p) >> 16);
    if (!core.channels.is_at(last_channel(flow), flow.index, number))
      channels.add(core.channels.hash(flow.index, number));
  } else if (is_stun(p) && is_send_indication(p)) {
    if (const auto peer = peek_peer(p)) permissions.add(core.permissions.hash(flow.index, *peer));
  }
}

}  // namespace

void look_ahead(const Core& core, std::span<net::Packet* const> packets) {
  for (const net::Packet* p : packets) ask_for_allocation(core, p);
  Hashes channels;
  Hashes permissions;
  for (const net::Packet* p : packets) ask_for_slot(core, p, channels, permissions);
  for (const std::uint32_t hash : channels.all()) core.channels.prefetch(hash);
  for (const std::uint32_t hash : permissions.all()) core.permissions.prefetch(hash);
  for (const std::uint32_t hash : channels.all()) core.channels.prefetch_channel(hash);
  for (const std::uint32_t hash : permissions.all()) core.permissions.prefetch_permission(hash);
}

}  // namespace penstock::turn
