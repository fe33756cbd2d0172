#pragma once
// Permissions (RFC 8656 section 9): which peer addresses an allocation exchanges packets with.

#include <rte_prefetch.h>

#include <cstdint>

#include "dataplane/net/packet.h"
#include "turn/allocation.h"
#include "turn/index_table.h"

namespace penstock::turn {

/// RFC 8656 section 9: fixed, renewed by CreatePermission and ChannelBind alone.
inline constexpr std::uint64_t kPermissionLifetimeNs = 300'000'000'000;

struct alignas(64) Permission {
  net::Address peer;
  std::uint64_t expires_ns = 0;
  std::uint32_t allocation = kNone;
  std::uint32_t next = kNone;  ///< of the same allocation, or the pool's
  std::uint32_t hash = 0;
  // Send indications mostly go to one port of a peer: its path is kept.
  net::PathId path = net::kNoPath;
  std::uint16_t path_port = 0;
  bool own_address = false;  ///< one of our relay addresses: relayed ports on it are reached by hairpin
  bool direct = true;        ///< peer policy lets packets leave for it
};
static_assert(sizeof(Permission) == 64);

/// All permissions of one worker. Expired ones count as absent, and are taken out by reclaim().
class PermissionTable {
 public:
  explicit PermissionTable(std::uint32_t capacity, std::uint64_t salt)
      : pool_(capacity), table_(capacity), salt_(salt) {}

  std::uint32_t hash(std::uint32_t allocation, const net::Address& peer) const {
    const std::uint64_t h = net::hash({peer, 0}, salt_ + allocation);
    return static_cast<std::uint32_t>(h ^ h >> 32);
  }
  void prefetch(std::uint32_t hash) const { table_.prefetch(hash); }
  /// Fetches the permission that probably has that hash; its index is not checked.
  void prefetch_permission(std::uint32_t hash) const {
    const std::uint32_t index = table_.guess(hash);
    if (index != kNone) rte_prefetch0(&pool_[index]);
  }

  /// The permission whether expired or not; nullptr when there is none.
  Permission* find(std::uint32_t allocation, const net::Address& peer);
  /// The permission in force at `now_ns`, or nullptr.
  Permission* find_live(std::uint32_t allocation, const net::Address& peer, std::uint64_t now_ns) {
    Permission* permission = find(allocation, peer);
    return permission != nullptr && now_ns < permission->expires_ns ? permission : nullptr;
  }

  /// A new permission, with only peer and allocation set; the caller has made sure there is none. nullptr: table full.
  Permission* add(std::uint32_t allocation, Allocation& owner, const net::Address& peer);
  /// Takes out every permission of the allocation for which `gone(permission)` holds; returns how many.
  template <class Gone>
  unsigned remove_if(Allocation& owner, Gone&& gone) {
    unsigned removed = 0;
    std::uint32_t* link = &owner.first_permission;
    while (*link != kNone) {
      const std::uint32_t index = *link;
      Permission& permission = pool_[index];
      if (!gone(permission)) {
        link = &permission.next;
        continue;
      }
      *link = permission.next;
      table_.erase(permission.hash, index);
      pool_.give(index);
      --owner.permissions;
      ++removed;
    }
    return removed;
  }
  unsigned reclaim(Allocation& owner, std::uint64_t now_ns) {
    return remove_if(owner, [&](const Permission& p) { return now_ns >= p.expires_ns; });
  }

  bool full() const { return pool_.full(); }
  std::uint32_t size() const { return pool_.size(); }
  std::uint32_t capacity() const { return pool_.capacity(); }

 private:
  Pool<Permission> pool_;
  IndexTable table_;
  std::uint64_t salt_;
};

}  // namespace penstock::turn
