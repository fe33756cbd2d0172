#include "turn/permission_table.h"

namespace penstock::turn {

Permission* PermissionTable::find(std::uint32_t allocation, const net::Address& peer) {
  const std::uint32_t index = table_.find(hash(allocation, peer), [&](std::uint32_t i) {
    return pool_[i].allocation == allocation && pool_[i].peer == peer;
  });
  return index == kNone ? nullptr : &pool_[index];
}

Permission* PermissionTable::add(std::uint32_t allocation, Allocation& owner, const net::Address& peer) {
  const std::uint32_t index = pool_.take();
  if (index == kNone) return nullptr;
  Permission& permission = pool_[index];
  permission = {};
  permission.peer = peer;
  permission.allocation = allocation;
  permission.hash = hash(allocation, peer);
  permission.next = owner.first_permission;
  owner.first_permission = index;
  ++owner.permissions;
  table_.insert(permission.hash, index);
  return &permission;
}

}  // namespace penstock::turn
