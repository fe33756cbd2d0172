#pragma once
// The packets of one pass through the worker loop.

#include <array>
#include <cassert>
#include <cstdint>
#include <span>

#include "dataplane/net/packet.h"

namespace penstock::net {

/// Packets one pass takes in at most. Larger than a NIC's usual 32 so that trains of several flows, interleaved on
/// arrival, are whole within a burst and can leave as trains.
inline constexpr std::uint32_t kBurstCapacity = 256;

/// A bounded list of packets; does not own them.
struct Burst {
  std::uint32_t size = 0;
  std::array<Packet*, kBurstCapacity> packets;

  bool full() const { return size == kBurstCapacity; }
  bool empty() const { return size == 0; }
  std::uint32_t room() const { return kBurstCapacity - size; }
  void push(Packet* p) {
    assert(!full());
    packets[size++] = p;
  }
  void clear() { size = 0; }
  std::span<Packet*> span() { return {packets.data(), size}; }
  auto begin() { return packets.begin(); }
  auto end() { return packets.begin() + size; }
};

}  // namespace penstock::net
