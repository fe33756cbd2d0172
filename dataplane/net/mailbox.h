#pragma once
// The only road between threads: a bounded lock-free ring, one sender, one receiver.

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <type_traits>

namespace penstock::net {

/// A lane between exactly two threads. DPDK's multi-producer modes do not order one sender's bytes before a later
/// sender's tail update in the C++ memory model (22.11), so every pair of threads has a lane of its own instead.
template <class T>
class Mailbox {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 4 == 0);

 public:
  /// `capacity` is rounded up to a power of two.
  static tl::expected<Mailbox, std::string> create(const std::string& name, unsigned capacity) {
    rte_ring* ring = rte_ring_create_elem(name.c_str(), sizeof(T), capacity, SOCKET_ID_ANY,
                                          RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
    if (ring == nullptr) {
      return tl::unexpected(fmt::format("cannot create mailbox '{}' of {} entries: {}; raise [dataplane] memory_mb",
                                        name, capacity, rte_strerror(rte_errno)));
    }
    return Mailbox(ring);
  }

  /// False when full: the sender keeps what it has (updates) or drops and counts (packets).
  bool send(T value) {
    asm("" : "+m"(value));  // its padding travels along, which GCC 12 would take for a mistake
    return rte_ring_sp_enqueue_elem(ring_.get(), &value, sizeof(T)) == 0;
  }
  /// Takes up to out.size() values; returns how many.
  unsigned take(std::span<T> out) {
    return rte_ring_sc_dequeue_burst_elem(ring_.get(), out.data(), sizeof(T), static_cast<unsigned>(out.size()),
                                          nullptr);
  }
  bool empty() const { return rte_ring_empty(ring_.get()) != 0; }
  unsigned size() const { return rte_ring_count(ring_.get()); }
  unsigned capacity() const { return rte_ring_get_capacity(ring_.get()); }

 private:
  struct Free {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };
  explicit Mailbox(rte_ring* ring) : ring_(ring) {}
  std::unique_ptr<rte_ring, Free> ring_;
};

}  // namespace penstock::net
