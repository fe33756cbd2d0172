#include "dataplane/net/packet_pool.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include <algorithm>
#include <new>

namespace penstock::net {
namespace {

void reset(Packet* p) {
  new (&info(p)) PacketInfo;
}

}  // namespace

tl::expected<PacketPool, std::string> PacketPool::create(const std::string& name, unsigned packets,
                                                         unsigned buffer_size, unsigned thread_cache) {
  const auto room = static_cast<std::uint16_t>(buffer_size == 0 ? 0 : buffer_size + kHeadroom);
  rte_mempool* pool = rte_pktmbuf_pool_create(name.c_str(), packets, std::min(thread_cache, packets * 2 / 3),
                                              sizeof(PacketInfo), room, SOCKET_ID_ANY);
  if (pool == nullptr) {
    return tl::unexpected(fmt::format("cannot create packet pool '{}' of {} packets: {}; raise [dataplane] memory_mb",
                                      name, packets, rte_strerror(rte_errno)));
  }
  return PacketPool(pool);
}

Packet* PacketPool::allocate() {
  Packet* p = rte_pktmbuf_alloc(pool_.get());
  if (p != nullptr) reset(p);
  return p;
}

bool PacketPool::allocate_bulk(std::span<Packet*> out) {
  if (rte_pktmbuf_alloc_bulk(pool_.get(), out.data(), static_cast<unsigned>(out.size())) != 0) return false;
  for (Packet* p : out) reset(p);
  return true;
}

unsigned PacketPool::in_use() const {
  return rte_mempool_in_use_count(pool_.get());
}
unsigned PacketPool::capacity() const {
  return pool_->size;
}
void PacketPool::Free::operator()(rte_mempool* pool) const {
  rte_mempool_free(pool);
}

}  // namespace penstock::net
