#pragma once
// The memory that io_uring receives into: slabs that each hold one receive, a datagram or a train of up to 64 KB. The
// kernel takes them from a ring; the last packet that refers to a slab puts it back.

#include <liburing.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/port/waker.h"

namespace penstock::port {

class SlabRing {
 public:
  /// The buffer group of our receives.
  static constexpr std::uint16_t kGroup = 0;
  /// Bytes per slab: the largest UDP payload, and what the kernel writes before it. An odd number of cache lines, so
  /// that the beginnings of slabs, all that small datagrams touch, spread over the cache's sets.
  static constexpr std::size_t kSlabSize = 65536 + 192;

  /// `count` slabs, a power of two up to 32,768, for `ring`, which must not outlive them. Untouched pages cost nothing.
  static tl::expected<std::unique_ptr<SlabRing>, std::string> create(io_uring* ring, std::uint32_t count, Waker& waker);
  ~SlabRing();

  /// The calling thread is the owner from now on: what it frees takes the short way back.
  void own();

  std::span<std::uint8_t> bytes(std::uint16_t id) const { return {memory_ + id * kSlabSize, kSlabSize}; }
  /// Counts the packets over slab `id`; when they are gone, it comes back by itself.
  rte_mbuf_ext_shared_info* shared(std::uint16_t id) { return &slabs_[id].shared; }

  // The owner only.
  /// The kernel has filled a slab.
  void taken() { --published_; }
  /// Gives slab `id` back unused.
  void give_back(std::uint16_t id) { idle_.push_back(id); }
  /// Takes `packets` references from slab `shared` off, as if that many packets had been freed.
  void release(rte_mbuf_ext_shared_info* shared, std::uint16_t packets);
  /// Lets the kernel have up to `limit` slabs, those first that came back last and are still in the cache.
  void publish(std::uint32_t limit);
  /// Asks for a wake() when another thread frees a slab, until publish() is called. False when one is here already.
  bool wake_on_return();

  std::uint32_t count() const { return count_; }
  /// Slabs that the kernel may fill.
  std::uint32_t published() const { return published_; }
  /// Slabs that no packet refers to, as far as this thread knows.
  std::uint32_t free() const { return published_ + static_cast<std::uint32_t>(idle_.size()); }

 private:
  struct Slab {
    rte_mbuf_ext_shared_info shared;
    SlabRing* ring;
  };
  struct FreeRing {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };

  SlabRing(std::uint32_t count, Waker& waker);
  void collect();
  static void on_last_free(void*, void* slab);
  void return_from_elsewhere(std::uint16_t id);

  std::uint32_t count_;
  Waker& waker_;
  std::uint8_t* memory_ = nullptr;
  io_uring_buf_ring* buffers_ = nullptr;
  std::uint32_t published_ = 0;
  std::vector<std::uint16_t> idle_;  // a stack of slabs that neither the kernel nor a packet has
  std::vector<Slab> slabs_;
  std::unique_ptr<rte_ring, FreeRing> returns_;  // slab ids that other threads freed
  std::atomic<const void*> owner_{nullptr};
  std::atomic<bool> wake_on_return_{false};
};

}  // namespace penstock::port
