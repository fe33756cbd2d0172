#pragma once
// A DPDK port on a device that is two rings: the test is whoever is on its wire.

#include <gtest/gtest.h>
#include <rte_eth_ring.h>
#include <rte_ring.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/port/dpdk/port.h"
#include "tests/port/fragments.h"
#include "tests/port/network_namespace.h"

namespace penstock::port {

using net::FrameBytes;

struct WireSetup {
  std::uint16_t workers = 1;
  std::uint16_t queues = 1;     ///< of the device, each way
  unsigned wire_frames = 1024;  ///< what a queue holds
  std::uint32_t handoff = 256;
  std::string keys = {};  ///< more of the device's specification
};

/// What a service was given.
struct Delivered {
  std::uint16_t worker;
  net::LocalId local;
  net::Endpoint remote;
  FrameBytes payload;
  std::uint8_t tos;
  std::uint16_t sum;
};

/// After every test the packet equation holds for each worker, and no packet is lost.
class DpdkWireTest : public testing::Test {
 protected:
  static constexpr net::MacAddress kNeighbourMac{0x02, 0, 0, 0, 0, 0x0a};
  inline static const net::Address kOurV4 = *net::parse_address("192.0.2.1");
  inline static const net::Address kOurV6 = *net::parse_address("2001:db8::1");
  inline static const net::Endpoint kRemote{*net::parse_address("192.0.2.2"), 40000};
  inline static const net::Endpoint kRemoteV6{*net::parse_address("2001:db8::2"), 40000};

  void SetUp() override {
    if (!enter_new_network()) GTEST_SKIP() << "needs the privilege to make network namespaces";
    if (access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "needs /dev/net/tun";
    ASSERT_TRUE(net::start_environment(512));
  }

  void TearDown() override {
    if (host_ == nullptr) return;
    pass();
    for (std::uint16_t w = 0; w < ports_.size(); ++w) expect_balance(w);
    ports_.clear();
    for (std::uint16_t w = 0; w < setup_.workers; ++w) {
      drain(to_port_);
      drain(from_port_);
    }
    EXPECT_EQ(pool_->in_use(), 0U) << "packets that arrived are lost";
    for (std::uint16_t w = 0; w < setup_.workers; ++w) {
      EXPECT_EQ(host_->pool(w).in_use(), 0U) << "packets of worker " << w << " are lost";
    }
    host_.reset();
    for (rte_ring* r : to_port_) rte_ring_free(r);
    for (rte_ring* r : from_port_) rte_ring_free(r);
  }

  void start(const WireSetup& setup = {}) {
    setup_ = setup;
    const std::string name = "wire" + std::to_string(wires_++);
    for (std::uint16_t q = 0; q < setup.queues; ++q) {
      to_port_.push_back(ring(name + "-to-" + std::to_string(q)));
      from_port_.push_back(ring(name + "-from-" + std::to_string(q)));
    }
    ASSERT_GE(rte_eth_from_rings(name.c_str(), to_port_.data(), setup.queues, from_port_.data(), setup.queues, 0), 0);
    auto pool = net::PacketPool::create(name, 4095, 2048, 0);
    ASSERT_TRUE(pool) << pool.error();
    pool_.emplace(std::move(*pool));

    const auto spec =
        parse_device_spec("net_ring_" + name + ";tap=pen0;address=192.0.2.1/24;address=2001:db8::1/64" + setup.keys);
    ASSERT_TRUE(spec) << spec.error();
    auto host = DpdkHost::open({*spec});
    ASSERT_TRUE(host) << host.error();
    host_ = std::move(*host);
    const DpdkOptions options{.workers = setup.workers,
                              .packets = 1024,
                              .descriptors = 256,
                              .handoff = setup.handoff,
                              .max_locals = 64,
                              .reassemblies = 16};
    const std::array<net::Address, 2> addresses{kOurV4, kOurV6};
    const auto started = host_->start(options, addresses);
    ASSERT_TRUE(started) << started.error();
    for (std::uint16_t w = 0; w < setup.workers; ++w) {
      auto port = DpdkPort::create(*host_, w);
      ASSERT_TRUE(port) << port.error();
      ports_.push_back(std::move(*port));
    }
    delivered_count_.resize(setup.workers);
    submitted_count_.resize(setup.workers);
    pass();  // ports take the time of their passes
  }

  DpdkPort& port(std::uint16_t worker = 0) { return *ports_[worker]; }
  net::LocalId bind(const net::Endpoint& e, std::uint16_t worker = 0, BindOptions options = {}) {
    const auto id = port(worker).bind(e, options);
    EXPECT_TRUE(id);
    return id.value_or(net::kNoLocal);
  }
  void know_neighbours() {
    ASSERT_TRUE(run("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:0a dev pen0 nud permanent"));
    ASSERT_TRUE(run("ip neigh replace 2001:db8::2 lladdr 02:00:00:00:00:0a dev pen0 nud permanent"));
  }

  // The wire.

  net::Packet* arriving(const FrameBytes& frame, std::uint64_t flags = 0) {
    net::Packet* p = pool_->allocate();
    std::memcpy(rte_pktmbuf_append(p, static_cast<std::uint16_t>(frame.size())), frame.data(), frame.size());
    p->ol_flags |= flags;
    return p;
  }
  void inject(net::Packet* p, std::uint16_t queue = 0) { ASSERT_EQ(rte_ring_enqueue(to_port_[queue], p), 0); }
  void inject(const FrameBytes& frame, std::uint64_t flags = 0, std::uint16_t queue = 0) {
    inject(arriving(frame, flags), queue);
  }
  /// The UDP datagrams and fragments that left, in order; frames of the kernel's own are passed over.
  std::vector<FrameBytes> left(std::uint16_t queue = 0) {
    std::vector<FrameBytes> frames;
    void* p = nullptr;
    while (rte_ring_dequeue(from_port_[queue], &p) == 0) {
      const auto bytes = net::payload(static_cast<net::Packet*>(p));
      FrameBytes frame(bytes.begin(), bytes.end());
      net::free(static_cast<net::Packet*>(p));
      const net::FrameKind kind = net::parse_frame(frame).kind;
      (kind == net::FrameKind::other ? of_kernel_ : frames).push_back(std::move(frame));
    }
    return frames;
  }

  // The service.

  /// One pass of every worker.
  void pass() {
    for (std::uint16_t w = 0; w < ports_.size(); ++w) pass(w);
  }
  void pass(std::uint16_t worker) {
    net::Burst burst;
    port(worker).receive(burst);
    delivered_count_[worker] += burst.size;
    for (net::Packet* p : burst) {
      const net::PacketInfo& i = net::info(p);
      const auto bytes = net::payload(p);
      delivered_.push_back(
          {worker, i.local, i.remote, FrameBytes(bytes.begin(), bytes.end()), i.tos, net::transmitted_sum(p)});
      net::free(p);
    }
  }
  std::vector<Delivered> take_delivered() { return std::exchange(delivered_, {}); }

  void transmit(net::LocalId local, const net::Endpoint& remote, const FrameBytes& payload, std::uint8_t flags = 0,
                std::uint16_t worker = 0) {
    net::Packet* p = host_->pool(worker).allocate();
    ASSERT_NE(p, nullptr);
    std::memcpy(rte_pktmbuf_append(p, static_cast<std::uint16_t>(payload.size())), payload.data(), payload.size());
    net::info(p).flags = flags;
    transmit(p, local, remote, worker);
  }
  void transmit(net::Packet* p, net::LocalId local, const net::Endpoint& remote, std::uint16_t worker = 0) {
    net::PacketInfo& i = net::info(p);
    i.local = local;
    i.remote = remote;
    i.path = port(worker).resolve(local, remote);
    net::Burst burst;
    burst.push(p);
    ++submitted_count_[worker];
    port(worker).transmit(burst);
    EXPECT_TRUE(burst.empty());
  }
  /// Passes until `n` datagrams left.
  std::vector<FrameBytes> await_left(std::size_t n) {
    std::vector<FrameBytes> all;
    EXPECT_TRUE(eventually([&] {
      pass();
      for (FrameBytes& f : left()) all.push_back(std::move(f));
      return all.size() >= n;
    }));
    return all;
  }

  std::uint64_t dropped(net::Drop why, std::uint16_t worker = 0) {
    return port(worker).counters().dropped[static_cast<std::size_t>(why)].get();
  }

 private:
  rte_ring* ring(const std::string& name) const {
    return rte_ring_create(name.c_str(), setup_.wire_frames, 0, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
  }
  static void drain(const std::vector<rte_ring*>& rings) {
    void* p = nullptr;
    for (rte_ring* r : rings) {
      while (rte_ring_dequeue(r, &p) == 0) net::free(static_cast<net::Packet*>(p));
    }
  }
  void expect_balance(std::uint16_t w) {
    const PortCounters& c = port(w).counters();
    std::uint64_t drops = 0;
    for (const net::Counter& d : c.dropped) drops += d.get();
    const std::uint64_t in = c.received_packets.get() + c.taken_over.get() + submitted_count_[w];
    const std::uint64_t out = delivered_count_[w] + c.sent_packets.get() + c.handed_over.get() + drops + c.held.get();
    EXPECT_EQ(in, out) << "packets of worker " << w;
  }

  inline static unsigned wires_ = 0;  // DPDK's names are the process's
  WireSetup setup_;
  std::vector<rte_ring*> to_port_, from_port_;

 protected:
  std::optional<net::PacketPool> pool_;
  std::unique_ptr<DpdkHost> host_;
  std::vector<std::unique_ptr<DpdkPort>> ports_;
  std::vector<FrameBytes> of_kernel_;
  std::vector<Delivered> delivered_;
  std::vector<std::uint64_t> delivered_count_, submitted_count_;
};

}  // namespace penstock::port
