// What runs out, comes back and is counted.

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/port/uring_port_fixture.h"

namespace penstock::port::test {
namespace {

TEST_F(UringPortTest, SlabsRunOutAndComeBack) {
  make({.slabs = 8, .packets = 1024});
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4);
  for (std::uint8_t i = 0; i < 40; ++i) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(10, i)));
  std::uint8_t next = 0;
  for (int round = 0; round < 5; ++round) {
    receive(8);
    port_->wait(1'000'000);
    port_->receive(burst_);
    EXPECT_EQ(burst_.size, 8U) << "all slabs are held";
    EXPECT_EQ(port_->counters().slabs_free.get(), 0U);
    for (net::Packet* p : burst_) EXPECT_EQ(net::payload(p)[0], next++);
    drop_all();
  }
  expect_silence();
  EXPECT_GT(port_->counters().rearmed.get(), 0U);
  EXPECT_LT(port_->counters().rearmed.get(), 12U) << "re-arms only when there are slabs";
  EXPECT_EQ(port_->counters().slabs_free.get(), 8U);
}

TEST_F(UringPortTest, PacketsRunOutAndComeBack) {
  make({.slabs = 64, .packets = 16});
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(10)));
  port_->receive(burst_);
  EXPECT_EQ(burst_.size + dropped(net::Drop::rx_no_packet), 20U);
  EXPECT_GT(dropped(net::Drop::rx_no_packet), 0U);
  EXPECT_EQ(port_->counters().received_packets.get(), 20U);
  drop_all();
  ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(10)));
  receive(1);
  drop_all();
  port_->receive(burst_);
  EXPECT_EQ(port_->counters().slabs_free.get(), 64U);
}

TEST_F(UringPortTest, PacketsFreedOnAnotherThreadReturnTheirSlabs) {
  make({.slabs = 8, .packets = 1024});
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4);
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(40), 10));
    receive(32);
    // Half of every train is freed here, half elsewhere, at the same time.
    net::Burst elsewhere;
    net::Burst here;
    for (unsigned i = 0; i < burst_.size; ++i) (i % 2 == 0 ? elsewhere : here).push(burst_.packets[i]);
    burst_.clear();
    std::thread other([&] { rte_pktmbuf_free_bulk(elsewhere.packets.data(), elsewhere.size); });
    rte_pktmbuf_free_bulk(here.packets.data(), here.size);
    other.join();
  }
  expect_silence();
  EXPECT_EQ(port_->counters().slabs_free.get(), 8U);
}

TEST_F(UringPortTest, ASlabFreedElsewhereWakesAStarvedWorker) {
  make({.slabs = 4, .packets = 1024});
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(10)));
  receive(4);
  port_->wait(1'000'000);
  net::Burst held = burst_;
  burst_.clear();
  port_->receive(burst_);
  EXPECT_EQ(burst_.size, 0U);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    rte_pktmbuf_free_bulk(held.packets.data(), held.size);
  });
  const auto start = steady_clock::now();
  while (burst_.empty() && steady_clock::now() - start < std::chrono::seconds(5)) {
    port_->wait(5'000'000'000);
    port_->receive(burst_);
  }
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(1));
  other.join();
  receive(4);
}

TEST_F(UringPortTest, KernelDropsAreCounted) {
  make({.slabs = 8, .packets = 64, .relayed_buffer = 4096});
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4);
  for (int i = 0; i < 100; ++i) far.send(port_->local_endpoint(local), counting(1000));
  std::uint64_t received = 0;
  const auto drain = [&] {
    for (int i = 0; i < 20; ++i) {
      port_->receive(burst_);
      received += burst_.size;
      drop_all();
    }
  };
  drain();
  ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(10)));  // brings the count along
  drain();
  EXPECT_GT(port_->counters().kernel_drops.get(), 0U);
  EXPECT_EQ(received + port_->counters().kernel_drops.get(), 101U);
}

TEST_F(UringPortTest, ACrowdedEndpointHoldsWhatComesWhileTheWorkerIsBusy) {
  make({.slabs = 512, .packets = 2048, .listener_buffer = 16 << 20, .relayed_buffer = 4096});
  const net::LocalId local = bind(kLoopback4, {.crowded = true});
  FarSocket far(kLoopback4);
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(1000)));
  std::uint64_t received = 0;
  for (int i = 0; i < 40; ++i) {
    port_->receive(burst_);
    received += burst_.size;
    drop_all();
  }
  EXPECT_EQ(received, 400U);
  EXPECT_EQ(port_->counters().kernel_drops.get(), 0U);
}

}  // namespace
}  // namespace penstock::port::test
