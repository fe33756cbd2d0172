#pragma once
// A memory port that hands out what it was given before, in bursts of a chosen size, and swallows what is sent: what a
// worker's pass costs can be measured without what making its packets costs.

#include <cstring>
#include <deque>
#include <memory>
#include <span>
#include <utility>

#include "dataplane/net/packet_pool.h"
#include "dataplane/port/memory/port.h"

namespace penstock::bench {

class FeedPort final : public port::Port {
 public:
  /// `pool`: for the packets that arrive, with their buffers, as a device has them.
  FeedPort(std::unique_ptr<port::MemoryPort> memory, net::PacketPool pool)
      : memory_(std::move(memory)), pool_(std::move(pool)) {}
  ~FeedPort() override {
    for (net::Packet* p : waiting_) net::free(p);
  }

  /// A datagram that one of the next receives brings; false when no packet is left.
  bool feed(net::LocalId local, const net::Endpoint& remote, std::span<const std::uint8_t> bytes) {
    net::Packet* p = pool_.allocate();
    if (p == nullptr) return false;
    std::memcpy(rte_pktmbuf_mtod(p, void*), bytes.data(), bytes.size());
    p->data_len = static_cast<std::uint16_t>(bytes.size());
    p->pkt_len = p->data_len;
    net::info(p).remote = remote;
    net::info(p).local = local;
    waiting_.push_back(p);
    return true;
  }
  std::size_t waiting() const { return waiting_.size(); }
  /// The next receive brings so many of them, and those after it none.
  void release(std::size_t packets) { released_ = packets; }
  port::MemoryPort& memory() { return *memory_; }

  void receive(net::Burst& burst) override {
    for (; released_ > 0 && !burst.full() && !waiting_.empty(); --released_) {
      burst.push(waiting_.front());
      waiting_.pop_front();
    }
  }
  void transmit(net::Burst& burst) override { memory_->transmit(burst); }

  tl::expected<net::LocalId, port::BindError> bind(const net::Endpoint& local, port::BindOptions options) override {
    return memory_->bind(local, options);
  }
  void unbind(net::LocalId local) override { memory_->unbind(local); }
  tl::expected<port::DetachedLocal, port::BindError> reserve(const net::Endpoint& local,
                                                             port::BindOptions options) override {
    return memory_->reserve(local, options);
  }
  tl::expected<net::LocalId, port::BindError> attach(const port::DetachedLocal& detached) override {
    return memory_->attach(detached);
  }
  void discard(const port::DetachedLocal& detached) override { memory_->discard(detached); }
  net::PathId resolve(net::LocalId local, const net::Endpoint& remote) override {
    return memory_->resolve(local, remote);
  }
  const net::Endpoint& local_endpoint(net::LocalId local) const override { return memory_->local_endpoint(local); }
  std::size_t take_icmp_errors(std::span<port::IcmpError> out) override { return memory_->take_icmp_errors(out); }
  void wait(std::uint64_t timeout_ns) override { memory_->wait(timeout_ns); }
  void wake() override { memory_->wake(); }
  const port::PortCounters& counters() const override { return memory_->counters(); }

 private:
  std::unique_ptr<port::MemoryPort> memory_;
  net::PacketPool pool_;
  std::deque<net::Packet*> waiting_;
  std::size_t released_ = 0;
};

}  // namespace penstock::bench
