// Bytes to packets: what uring_port makes of a slab, over a heap block of its own per receive, so that a sanitizer sees
// every access outside of it.
#include <cstdlib>
#include <vector>

#include "dataplane/port/memory/port.h"
#include "dataplane/port/uring/arrival.h"

namespace penstock::port {
namespace {

// A block: the count of packets that refer to it, headroom, payload, tailroom.
struct Block {
  rte_mbuf_ext_shared_info shared;
  std::uint8_t* payload() { return reinterpret_cast<std::uint8_t*>(this + 1) + net::kHeadroom; }
};

Block* allocate_block(std::span<const std::uint8_t> payload, std::uint16_t tailroom, std::uint32_t packets) {
  void* memory = std::malloc(sizeof(Block) + net::kHeadroom + payload.size() + tailroom);
  if (memory == nullptr) return nullptr;
  auto* block = new (memory) Block;
  block->shared.free_cb = [](void*, void* opaque) { std::free(opaque); };
  block->shared.fcb_opaque = block;
  rte_mbuf_ext_refcnt_set(&block->shared, static_cast<std::uint16_t>(packets));
  if (!payload.empty()) std::memcpy(block->payload(), payload.data(), payload.size());
  return block;
}

}  // namespace

bool MemoryPort::inject(net::LocalId local, const net::Endpoint& remote, std::span<const std::uint8_t> payload,
                        std::uint8_t tos) {
  return inject_train(local, remote, payload, 0, tos);
}

bool MemoryPort::inject(const net::Endpoint& local, const net::Endpoint& remote, std::span<const std::uint8_t> payload,
                        std::uint8_t tos) {
  return inject_train(find(local), remote, payload, 0, tos);
}

bool MemoryPort::inject_train(net::LocalId local, const net::Endpoint& remote, std::span<const std::uint8_t> payload,
                              std::uint16_t segment, std::uint8_t tos) {
  const std::unique_lock lock(mutex_);
  if (!is_bound(local) || payload.size() > kMaxPayload) return false;
  Arrival arrival;
  arrival.size = static_cast<std::uint32_t>(payload.size());
  arrival.segment = segment;
  arrival.headroom = net::kHeadroom;
  arrival.tailroom = options_.tailroom;
  arrival.remote = remote;
  arrival.local = local;
  arrival.tos = tos;

  std::vector<net::Packet*> packets(arrival.datagrams());
  if (packets.size() > 1) {
    last_train_ = last_train_ == UINT16_MAX ? std::uint16_t{1} : static_cast<std::uint16_t>(last_train_ + 1);
    arrival.train = last_train_;
  }
  if (!pool_.allocate_bulk(packets)) {
    counters_.received_packets.add(packets.size());
    counters_.received_bytes.add(payload.size());
    counters_.dropped[static_cast<std::size_t>(net::Drop::rx_no_packet)].add(packets.size());
    return false;
  }
  Block* block = allocate_block(payload, options_.tailroom, arrival.datagrams());
  if (block == nullptr) {
    rte_pktmbuf_free_bulk(packets.data(), static_cast<unsigned>(packets.size()));
    return false;
  }
  arrival.payload = block->payload();
  arrival.shared = &block->shared;
  slice(arrival, 0, packets);
  arrivals_.insert(arrivals_.end(), packets.begin(), packets.end());
  arrived_.notify_one();
  return true;
}

}  // namespace penstock::port
