#include "dataplane/engine/flow_table.h"

#include <rte_prefetch.h>
#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cassert>

namespace penstock::engine {

namespace {

std::uint64_t random_salt() {
  std::uint64_t salt = 0;
  if (getrandom(&salt, sizeof salt, 0) != sizeof salt) salt = reinterpret_cast<std::uintptr_t>(&salt);
  return salt;
}

// Lines for `capacity` flows at most half full.
std::uint32_t lines_for(std::uint32_t capacity) {
  return std::bit_ceil(capacity * 2 / 7 + 1);
}

}  // namespace

FlowTable::FlowTable(std::uint32_t capacity)
    : capacity_(capacity),
      line_mask_(lines_for(capacity) - 1),
      salt_(random_salt()),
      lines_(line_mask_ + std::size_t{1}, net::Touched::at_start),
      flows_(capacity) {}

std::uint64_t FlowTable::hash_of(net::LocalId local, const net::Endpoint& remote) const {
  return net::hash(remote, salt_ + local);
}

net::FlowId FlowTable::find_hashed(std::uint64_t hash, net::LocalId local, const net::Endpoint& remote) const {
  const std::uint32_t tag = tag_of(hash);
  for (std::uint32_t at = static_cast<std::uint32_t>(hash) & line_mask_;; at = (at + 1) & line_mask_) {
    const Line& line = lines_[at];
    for (std::uint32_t slot = 0; slot < Line::kSlots; ++slot) {
      if (line.tags[slot] != tag) continue;
      const Flow& flow = flows_[line.ids[slot]];
      if (flow.local == local && flow.remote == remote) return line.ids[slot];
    }
    if (line.passed == 0) return net::kNoFlow;
  }
}

net::FlowId FlowTable::find(net::LocalId local, const net::Endpoint& remote) const {
  return find_hashed(hash_of(local, remote), local, remote);
}

namespace {

bool follows(const net::PacketInfo& info, const net::PacketInfo& before) {
  return info.train != 0 && info.train == before.train;
}

}  // namespace

// The id in the first slot with that tag, or any id: the caller compares keys. Without a branch per slot, because which
// one it is cannot be predicted.
net::FlowId FlowTable::first_match(const Line& line, std::uint32_t tag) {
  std::uint32_t matches = 1U << (Line::kSlots - 1);  // the last slot when none does
  for (std::uint32_t slot = 0; slot + 1 < Line::kSlots; ++slot) {
    matches |= static_cast<std::uint32_t>(line.tags[slot] == tag) << slot;
  }
  return line.ids[static_cast<std::uint32_t>(std::countr_zero(matches))];
}

void FlowTable::find_burst(std::span<net::Packet* const> packets) const {
  constexpr std::size_t kAhead = 32;
  std::array<std::uint64_t, kAhead> hashes;
  std::array<net::FlowId, kAhead> likely;
  while (!packets.empty()) {
    const auto some = packets.first(std::min(packets.size(), kAhead));
    for (std::size_t i = 0; i < some.size(); ++i) {  // the lines on their way
      const net::PacketInfo& info = net::info(some[i]);
      if (i > 0 && follows(info, net::info(some[i - 1]))) continue;
      hashes[i] = hash_of(info.local, info.remote);
      rte_prefetch0(&lines_[hashes[i] & line_mask_]);
    }
    for (std::size_t i = 0; i < some.size(); ++i) {  // the flows on their way
      if (i > 0 && follows(net::info(some[i]), net::info(some[i - 1]))) continue;
      likely[i] = first_match(lines_[hashes[i] & line_mask_], tag_of(hashes[i]));
      rte_prefetch0(&flows_[likely[i]]);
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      net::PacketInfo& info = net::info(some[i]);
      if (i > 0 && follows(info, net::info(some[i - 1]))) {
        info.flow = net::info(some[i - 1]).flow;
        continue;
      }
      const Flow& flow = flows_[likely[i]];
      const bool found = flow.local == info.local && flow.remote == info.remote;
      info.flow = found ? likely[i] : find_hashed(hashes[i], info.local, info.remote);
    }
    packets = packets.subspan(some.size());
  }
}

net::FlowId FlowTable::insert(net::LocalId local, const net::Endpoint& remote) {
  if (size_ == capacity_) return net::kNoFlow;
  const std::uint64_t hash = hash_of(local, remote);
  if (find_hashed(hash, local, remote) != net::kNoFlow) return net::kNoFlow;

  net::FlowId id = free_;
  if (id != net::kNoFlow) {
    free_ = flows_[id].index;
  } else {
    id = next_unused_++;
  }
  flows_[id] = Flow{};
  flows_[id].remote = remote;
  flows_[id].local = local;
  ++size_;

  for (std::uint32_t at = static_cast<std::uint32_t>(hash) & line_mask_;; at = (at + 1) & line_mask_) {
    Line& line = lines_[at];
    for (std::uint32_t slot = 0; slot < Line::kSlots; ++slot) {
      if (line.tags[slot] != 0) continue;
      line.tags[slot] = tag_of(hash);
      line.ids[slot] = id;
      return id;
    }
    ++line.passed;
  }
}

void FlowTable::erase(net::FlowId id) {
  Flow& flow = flows_[id];
  assert(flow.local != net::kNoLocal);
  const std::uint64_t hash = hash_of(flow.local, flow.remote);
  const std::uint32_t tag = tag_of(hash);
  for (std::uint32_t at = static_cast<std::uint32_t>(hash) & line_mask_;; at = (at + 1) & line_mask_) {
    Line& line = lines_[at];
    for (std::uint32_t slot = 0; slot < Line::kSlots; ++slot) {
      if (line.tags[slot] != tag || line.ids[slot] != id) continue;
      line.tags[slot] = 0;
      flow.local = net::kNoLocal;
      flow.index = free_;
      free_ = id;
      --size_;
      return;
    }
    assert(line.passed > 0);
    --line.passed;
  }
}

}  // namespace penstock::engine
