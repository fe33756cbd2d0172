#include "dataplane/port/uring/slab_ring.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <sys/mman.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

namespace penstock::port {
namespace {

// Its address tells threads apart at the price of one thread-local access.
thread_local char this_thread;

void* map(std::size_t bytes) {
  return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

std::size_t buffer_ring_bytes(std::uint32_t count) {
  return count * sizeof(io_uring_buf);
}

}  // namespace

SlabRing::SlabRing(std::uint32_t count, Waker& waker) : count_(count), waker_(waker), slabs_(count) {
  for (Slab& s : slabs_) {
    s.shared.free_cb = on_last_free;
    s.shared.fcb_opaque = &s;
    s.ring = this;
    rte_mbuf_ext_refcnt_set(&s.shared, 0);
  }
}

tl::expected<std::unique_ptr<SlabRing>, std::string> SlabRing::create(io_uring* ring, std::uint32_t count,
                                                                      Waker& waker) {
  if (!std::has_single_bit(count) || count > 32768) {
    return tl::unexpected(fmt::format("{} receive slabs: must be a power of two up to 32768", count));
  }
  std::unique_ptr<SlabRing> slabs(new SlabRing(count, waker));
  void* memory = map(count * kSlabSize);
  void* buffers = map(buffer_ring_bytes(count));
  if (memory != MAP_FAILED) slabs->memory_ = static_cast<std::uint8_t*>(memory);
  if (buffers != MAP_FAILED) slabs->buffers_ = static_cast<io_uring_buf_ring*>(buffers);
  static std::atomic<unsigned> next_name{0};
  const std::string name = fmt::format("slab_returns_{}", next_name.fetch_add(1));
  slabs->returns_.reset(rte_ring_create(name.c_str(), 2 * count, SOCKET_ID_ANY, RING_F_SC_DEQ));
  if (memory == MAP_FAILED || buffers == MAP_FAILED || !slabs->returns_) {
    return tl::unexpected(
        fmt::format("no memory for {} receive slabs ({} MB of address space)", count, count * kSlabSize >> 20));
  }
  io_uring_buf_ring_init(slabs->buffers_);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(buffers);
  registration.ring_entries = count;
  registration.bgid = kGroup;
  if (const int error = -io_uring_register_buf_ring(ring, &registration, 0); error != 0) {
    return tl::unexpected(fmt::format("cannot register {} receive slabs with io_uring: {}{}", count,
                                      std::strerror(error),
                                      error == EINVAL ? "; Penstock's uring port needs Linux 6.0 or newer" : ""));
  }
  slabs->idle_.reserve(count);
  for (std::uint32_t id = count; id-- > 0;) slabs->give_back(static_cast<std::uint16_t>(id));
  return slabs;
}

SlabRing::~SlabRing() {
  // A packet over a slab would outlive its memory: whoever holds packets frees them before their port.
  if (memory_ != nullptr) munmap(memory_, count_ * kSlabSize);
  if (buffers_ != nullptr) munmap(buffers_, buffer_ring_bytes(count_));
}

void SlabRing::own() {
  owner_.store(&this_thread, std::memory_order_relaxed);
}

void SlabRing::release(rte_mbuf_ext_shared_info* shared, std::uint16_t packets) {
  if (rte_mbuf_ext_refcnt_update(shared, static_cast<std::int16_t>(-packets)) == 0)
    on_last_free(nullptr, shared->fcb_opaque);
}

void SlabRing::publish(std::uint32_t limit) {
  if (wake_on_return_.load(std::memory_order_relaxed)) wake_on_return_.store(false);
  collect();
  int added = 0;
  for (; published_ < limit && !idle_.empty(); ++published_) {
    const std::uint16_t id = idle_.back();
    idle_.pop_back();
    io_uring_buf_ring_add(buffers_, memory_ + id * kSlabSize, kSlabSize, id, io_uring_buf_ring_mask(count_), added++);
  }
  if (added != 0) io_uring_buf_ring_advance(buffers_, added);
}

bool SlabRing::wake_on_return() {
  // Both sides exchange: either the one who returns a slab sees the flag, or we see the slab.
  wake_on_return_.exchange(true);
  collect();
  return idle_.empty();
}

// Takes in what other threads freed.
void SlabRing::collect() {
  std::array<void*, 64> ids;
  while (const unsigned n = rte_ring_sc_dequeue_burst(returns_.get(), ids.data(), ids.size(), nullptr)) {
    for (unsigned i = 0; i < n; ++i) give_back(static_cast<std::uint16_t>(reinterpret_cast<std::uintptr_t>(ids[i])));
  }
}

void SlabRing::on_last_free(void*, void* opaque) {
  auto* slab = static_cast<Slab*>(opaque);
  SlabRing& ring = *slab->ring;
  const auto id = static_cast<std::uint16_t>(slab - ring.slabs_.data());
  if (ring.owner_.load(std::memory_order_relaxed) == &this_thread) {
    ring.give_back(id);
  } else {
    ring.return_from_elsewhere(id);
  }
}

void SlabRing::return_from_elsewhere(std::uint16_t id) {
  // Twice as many places as slabs: it cannot be full.
  rte_ring_mp_enqueue(returns_.get(), reinterpret_cast<void*>(std::uintptr_t{id}));
  if (wake_on_return_.exchange(false)) waker_.wake();
}

}  // namespace penstock::port
