#include "dataplane/port/kernel/hop_table.h"

namespace penstock::port {
namespace {

constexpr std::size_t kMask = kMostHops - 1;

std::uint64_t hash_of(const HopKey& key) {
  return net::hash({key.neighbour, 0}, std::uint64_t{key.interface} << 16 | key.mtu);
}

}  // namespace

std::optional<HopTable::Added> HopTable::find_or_add(const HopKey& key, std::uint32_t now_s, std::size_t most) {
  const std::uint64_t hash = hash_of(key);
  const Tag ready = kReady | static_cast<Tag>(hash >> 32);
  // Another worker may take the place we chose: then look again, since it may have added our very key.
  for (std::size_t attempt = 0; attempt < kMostHops; ++attempt) {
    std::optional<HopIndex> place;
    Tag expected = kEmpty;
    for (std::size_t step = 0; step < kMostHops; ++step) {
      const auto index = static_cast<HopIndex>((hash + step) & kMask);
      const Tag tag = tags_[index].load(std::memory_order_acquire);
      if (tag == ready && hops_[index].key == key) return Added{index, false};
      if ((tag == kFree || tag == kEmpty) && !place) {
        place = index;
        expected = tag;
      }
      if (tag == kEmpty) break;
    }
    if (!place || size() >= most) return std::nullopt;
    if (claim(*place, expected, ready, key, now_s)) return Added{*place, true};
  }
  return std::nullopt;
}

bool HopTable::claim(HopIndex index, Tag expected, Tag ready, const HopKey& key, std::uint32_t now_s) {
  if (!tags_[index].compare_exchange_strong(expected, kBusy, std::memory_order_acq_rel)) return false;
  Hop& hop = hops_[index];
  hop.key = key;
  hop.link.store(HopLink::of(HopState::unknown).word, std::memory_order_relaxed);
  hop.last_used.store(now_s, std::memory_order_relaxed);
  used_.fetch_add(1, std::memory_order_relaxed);
  tags_[index].store(ready, std::memory_order_release);
  return true;
}

void HopTable::release(HopIndex index) {
  tags_[index].store(kFree, std::memory_order_release);
  used_.fetch_sub(1, std::memory_order_relaxed);
  // Free places in front of an empty one need not be searched through. Should a worker be adding behind them right now,
  // its hop is not found again and added a second time, which does no harm.
  if (tags_[(index + 1U) & kMask].load(std::memory_order_acquire) != kEmpty) return;
  for (std::size_t step = 0; step < kMostHops; ++step) {
    Tag expected = kFree;
    if (!tags_[(index - step) & kMask].compare_exchange_strong(expected, kEmpty, std::memory_order_acq_rel)) return;
  }
}

}  // namespace penstock::port
