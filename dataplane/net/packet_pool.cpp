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

tl::expected<PacketPool, std::string> PacketPool::create_dense(const std::string& name, unsigned packets,
                                                               unsigned buffer_size) {
  const auto fail = [&](const char* why) {
    return tl::unexpected(
        fmt::format("cannot create packet pool '{}' of {} packets for AF_XDP: {}; raise [dataplane] "
                    "memory_mb",
                    name, packets, why));
  };
  rte_pktmbuf_pool_private layout{};
  layout.mbuf_priv_size = sizeof(PacketInfo);
  layout.mbuf_data_room_size = static_cast<std::uint16_t>(buffer_size + kHeadroom);
  const unsigned size = static_cast<unsigned>(sizeof(rte_mbuf)) + layout.mbuf_priv_size + layout.mbuf_data_room_size;
  // Without that flag each packet would keep to one page, with gaps that the driver does not know of.
  PacketPool pool(rte_mempool_create_empty(name.c_str(), packets, size, kThreadCache, sizeof layout, SOCKET_ID_ANY,
                                           RTE_MEMPOOL_F_NO_IOVA_CONTIG));
  if (pool.raw() == nullptr || rte_mempool_set_ops_byname(pool.raw(), "ring_mp_mc", nullptr) != 0) {
    return fail(rte_strerror(rte_errno));
  }
  rte_pktmbuf_pool_init(pool.raw(), &layout);
  if (const int error = rte_mempool_populate_default(pool.raw()); error < 0) return fail(rte_strerror(-error));
  if (pool.raw()->nb_mem_chunks != 1) return fail("its memory is not in one piece");
  rte_mempool_obj_iter(pool.raw(), rte_pktmbuf_init, nullptr);
  return pool;
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
