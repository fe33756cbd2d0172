#pragma once
// Where packets come from. One pool per worker, sized at start; nothing grows on the packet path.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/net/environment.h"
#include "dataplane/net/packet.h"

namespace penstock::net {

/// Room in front of the payload of a packet with its own buffer: L2/L3/L4 headers, VLAN, and a Data indication's lead.
inline constexpr std::size_t kHeadroom = 128;

/// Packets each thread keeps at hand, so that allocate and free rarely meet the shared ring.
inline constexpr unsigned kThreadCache = 512;

/// Owns an rte_mempool of mbufs.
class PacketPool {
 public:
  /// `buffer_size` is the payload room of each packet; 0 makes packets that only refer to external buffers (slabs).
  /// `thread_cache`: 0 for a small pool whose packets other threads free, where they would stay.
  static tl::expected<PacketPool, std::string> create(const std::string& name, unsigned packets, unsigned buffer_size,
                                                      unsigned thread_cache = kThreadCache);

  /// Packets that lie one behind the other without gaps, in one piece of memory that the kernel can share (AF_XDP).
  /// Devices that read physical memory cannot use it.
  static tl::expected<PacketPool, std::string> create_dense(const std::string& name, unsigned packets,
                                                            unsigned buffer_size);

  /// A fresh packet with reset private area, or nullptr when the pool is empty.
  Packet* allocate();
  /// All or none.
  bool allocate_bulk(std::span<Packet*> out);

  unsigned in_use() const;
  unsigned capacity() const;
  rte_mempool* raw() const { return pool_.get(); }

 private:
  struct Free {
    void operator()(rte_mempool* pool) const;
  };
  explicit PacketPool(rte_mempool* pool) : pool_(pool) {}
  std::unique_ptr<rte_mempool, Free> pool_;
};

inline void free(Packet* p) {
  rte_pktmbuf_free(p);
}

}  // namespace penstock::net
