#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "dataplane/net/packet_pool.h"
#include "dataplane/port/dpdk/handoff.h"

namespace penstock::port {
namespace {

class HandoffTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(net::start_environment(512)); }

  std::unique_ptr<Handoff> create(std::uint16_t workers, unsigned capacity) {
    auto made = Handoff::create(workers, capacity);
    EXPECT_TRUE(made) << made.error();
    return std::move(*made);
  }
};

TEST_F(HandoffTest, EveryPairHasItsLane) {
  const auto handoff = create(3, 8);
  auto pool = net::PacketPool::create("handoff-test", 63, 64, 0);
  ASSERT_TRUE(pool);
  std::array<HandedOff, 8> out;
  for (std::uint16_t from = 0; from < 3; ++from) {
    for (std::uint16_t to = 0; to < 3; ++to) {
      if (from == to) continue;
      net::Packet* p = pool->allocate();
      ASSERT_TRUE(handoff->send(from, to, {p, HandoffKind::frame}));
      for (std::uint16_t other = 0; other < 3; ++other) {
        if (other != from && other != to) {
          EXPECT_EQ(handoff->take(other, to, out), 0U);
        }
      }
      ASSERT_EQ(handoff->take(from, to, out), 1U);
      EXPECT_EQ(out[0].packet, p);
      EXPECT_EQ(out[0].kind, HandoffKind::frame);
      net::free(p);
    }
  }
}

TEST_F(HandoffTest, ALaneIsBoundedAndFreesWhatIsLeft) {
  auto pool = net::PacketPool::create("handoff-test", 63, 64, 0);
  ASSERT_TRUE(pool);
  {
    const auto handoff = create(2, 10);
    for (unsigned i = 0; i < 10; ++i) EXPECT_TRUE(handoff->send(0, 1, {pool->allocate(), HandoffKind::datagram}));
    net::Packet* p = pool->allocate();
    EXPECT_FALSE(handoff->send(0, 1, {p, HandoffKind::datagram}));
    EXPECT_TRUE(handoff->send(1, 0, {p, HandoffKind::datagram})) << "the way back is another";
    std::array<HandedOff, 4> out;
    EXPECT_EQ(handoff->take(0, 1, out), 4U);
    for (const HandedOff& h : out) net::free(h.packet);
    EXPECT_EQ(pool->in_use(), 7U);
  }
  EXPECT_EQ(pool->in_use(), 0U);
}

TEST_F(HandoffTest, OrderIsKeptBetweenThreads) {
  constexpr std::uint16_t kPackets = 4000;
  const auto handoff = create(2, 64);
  auto pool = net::PacketPool::create("handoff-test", 255, 64, 0);
  ASSERT_TRUE(pool);
  std::thread sender([&] {
    for (std::uint16_t i = 0; i < kPackets; ++i) {
      net::Packet* p = nullptr;
      while ((p = pool->allocate()) == nullptr) std::this_thread::yield();
      net::info(p).train = i;
      while (!handoff->send(0, 1, {p, HandoffKind::datagram})) std::this_thread::yield();
    }
  });
  std::array<HandedOff, 32> out;
  for (std::uint16_t expected = 0; expected < kPackets;) {
    const unsigned n = handoff->take(0, 1, out);
    if (n == 0) std::this_thread::yield();
    for (unsigned i = 0; i < n; ++i) {
      ASSERT_EQ(net::info(out[i].packet).train, expected++);
      net::free(out[i].packet);
    }
  }
  sender.join();
  EXPECT_EQ(pool->in_use(), 0U);
}

}  // namespace
}  // namespace penstock::port
