#include "dataplane/port/uring/train_grouping.h"

#include <cassert>
#include <random>

#include "dataplane/port/port.h"

namespace penstock::port {
namespace {

bool same_flow(const net::PacketInfo& a, const net::PacketInfo& b) {
  return a.local == b.local && a.remote == b.remote;
}

bool same_header(const net::PacketInfo& a, const net::PacketInfo& b) {
  return a.tos == b.tos && ((a.flags ^ b.flags) & net::PacketInfo::kDontFragment) == 0;
}

bool fits(const Group& g, std::uint32_t size) {
  // An empty datagram cannot be a segment.
  return !g.closed && size != 0 && size <= g.segment && g.count < kMaxSegments && g.bytes + size <= kMaxPayload;
}

}  // namespace

// The salt keeps a sender that chooses its addresses from choosing its collisions.
TrainGrouping::TrainGrouping() : salt_(std::random_device{}()) {}

void TrainGrouping::group(std::span<net::Packet* const> packets) {
  assert(packets.size() <= net::kBurstCapacity);
  group_count_ = 0;
  if (++pass_ == 0) {
    slots_.fill({});
    pass_ = 1;
  }
  Slot* slot = nullptr;
  for (std::uint16_t index = 0; index < packets.size(); ++index) {
    const net::PacketInfo& info = net::info(packets[index]);
    const auto size = static_cast<std::uint32_t>(net::wire_size(packets[index]));
    // Packets of one flow often come in a row.
    if (slot == nullptr || !same_flow(info, net::info(packets[index - 1]))) slot = &slot_of(info, packets);
    if (slot->pass != pass_) {
      open(*slot, index, size);
      continue;
    }
    Group& g = groups_[slot->group];
    if (!fits(g, size) || !same_header(info, net::info(packets[g.first]))) {
      open(*slot, index, size);
      continue;
    }
    next_[g.last] = index;
    g.last = index;
    g.count += 1;
    g.bytes += size;
    g.closed = size < g.segment;
  }
}

// The slot of the flow, or the empty one that it will take: at most half of the slots are ever in use.
TrainGrouping::Slot& TrainGrouping::slot_of(const net::PacketInfo& info, std::span<net::Packet* const> packets) {
  const std::uint64_t hash = net::hash(info.remote, salt_ ^ info.local);
  const auto tag = static_cast<std::uint16_t>(hash >> 48);
  for (std::size_t at = hash % kSlots;; at = (at + 1) % kSlots) {
    Slot& slot = slots_[at];
    if (slot.pass != pass_) {
      slot.tag = tag;
      return slot;
    }
    if (slot.tag == tag && same_flow(info, net::info(packets[groups_[slot.group].first]))) return slot;
  }
}

void TrainGrouping::open(Slot& slot, std::uint16_t index, std::uint32_t size) {
  slot.pass = pass_;
  slot.group = static_cast<std::uint16_t>(group_count_);
  groups_[group_count_++] = {.first = index, .last = index, .count = 1, .segment = size, .bytes = size};
}

}  // namespace penstock::port
