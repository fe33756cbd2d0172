#pragma once
// Channels (RFC 8656 section 12): four bytes of header instead of an indication.

#include <rte_prefetch.h>

#include <cstdint>

#include "dataplane/engine/flow_table.h"
#include "turn/allocation.h"
#include "turn/flows.h"
#include "turn/index_table.h"

namespace penstock::turn {

/// RFC 8656 section 12: a binding lasts ten minutes unless it is refreshed.
inline constexpr std::uint64_t kChannelLifetimeNs = 600'000'000'000;

struct alignas(64) Channel {
  net::Endpoint peer;
  std::uint64_t expires_ns = 0;
  net::LocalId relay = net::kNoLocal;
  net::PathId path = net::kNoPath;
  std::uint32_t allocation = kNone;
  std::uint32_t next = kNone;  ///< of the same allocation, or the pool's
  std::uint32_t hash = 0;
  net::FlowId flow = net::kNoFlow;  ///< (relay, peer)
  std::uint16_t number = 0;
  bool direct = true;    ///< peer policy lets packets leave for it
  RelayPort relay_port;  ///< the peer is this relayed port of ours: hairpin; port 0: it is not
};
static_assert(sizeof(Channel) == 64);

/// All channels of one worker, found by number from clients and through the flow table from peers.
class ChannelTable {
 public:
  ChannelTable(std::uint32_t capacity, std::uint64_t salt, engine::FlowTable& flows)
      : pool_(capacity), table_(capacity), salt_(salt), flows_(flows) {}

  std::uint32_t hash(std::uint32_t allocation, std::uint16_t number) const {
    std::uint64_t h = (std::uint64_t{allocation} << 16 | number) ^ salt_;
    h = (h ^ h >> 31) * 0x9ddfea08eb382d69ULL;
    return static_cast<std::uint32_t>(h ^ h >> 32);
  }
  void prefetch(std::uint32_t hash) const { table_.prefetch(hash); }
  /// Fetches the channel that probably has that hash; its index is not checked.
  void prefetch_channel(std::uint32_t hash) const {
    const std::uint32_t index = table_.guess(hash);
    if (index != kNone) rte_prefetch0(&pool_[index]);
  }

  void prefetch_at(std::uint32_t index) const { rte_prefetch0(&pool_[index]); }
  /// Whether that channel is at `index`, a hint below capacity().
  bool is_at(std::uint32_t index, std::uint32_t allocation, std::uint16_t number) const {
    return pool_[index].allocation == allocation && pool_[index].number == number;
  }

  /// The channel whether expired or not, or nullptr.
  Channel* find(std::uint32_t allocation, std::uint16_t number) {
    return find_hashed(hash(allocation, number), allocation, number);
  }
  /// The same, looking first where `client` found its last one.
  Channel* find(engine::Flow& client, std::uint16_t number) {
    const std::uint32_t hint = last_channel(client);
    if (is_at(hint, client.index, number)) return &pool_[hint];
    const std::uint32_t index = index_of(hash(client.index, number), client.index, number);
    if (index == kNone) return nullptr;
    set_last_channel(client, index);
    return &pool_[index];
  }
  Channel* find_hashed(std::uint32_t hash, std::uint32_t allocation, std::uint16_t number) {
    const std::uint32_t index = index_of(hash, allocation, number);
    return index == kNone ? nullptr : &pool_[index];
  }
  /// The channel that an allocation has for a peer, whether expired or not, or nullptr.
  Channel* find(net::LocalId relay, const net::Endpoint& peer);

  /// A new channel that has not expired until renewed; the caller has made sure that neither number nor peer has one.
  /// nullptr: channel table or flow table full.
  Channel* add(std::uint32_t allocation, Allocation& owner, std::uint16_t number, const net::Endpoint& peer);
  void renew(Channel& channel, std::uint64_t expires_ns);

  /// Takes out every channel of the allocation for which `gone(channel)` holds; returns how many.
  template <class Gone>
  unsigned remove_if(Allocation& owner, Gone&& gone) {
    unsigned removed = 0;
    std::uint32_t* link = &owner.first_channel;
    while (*link != kNone) {
      const std::uint32_t index = *link;
      Channel& channel = pool_[index];
      if (!gone(channel)) {
        link = &channel.next;
        continue;
      }
      *link = channel.next;
      release(index);
      --owner.channels;
      ++removed;
    }
    return removed;
  }
  unsigned reclaim(Allocation& owner, std::uint64_t now_ns) {
    return remove_if(owner, [&](const Channel& c) { return now_ns >= c.expires_ns; });
  }

  bool full() const { return pool_.full(); }
  std::uint32_t size() const { return pool_.size(); }
  std::uint32_t capacity() const { return pool_.capacity(); }

 private:
  std::uint32_t index_of(std::uint32_t hash, std::uint32_t allocation, std::uint16_t number) const {
    return table_.find(hash, [&](std::uint32_t i) { return is_at(i, allocation, number); });
  }
  void release(std::uint32_t index);

  Pool<Channel> pool_;
  IndexTable table_;
  std::uint64_t salt_;
  engine::FlowTable& flows_;
};

}  // namespace penstock::turn
