// Endpoints that are bound, shared, moved and lent; and waiting for them.

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

TEST_F(UringPortTest, BindsAndUnbindsReuseEverything) {
  const net::Endpoint endpoint{kLoopback4, 23456};
  FarSocket far(kLoopback4);
  for (int i = 0; i < 3000; ++i) {
    const auto id = port_->bind(endpoint, {});
    ASSERT_TRUE(id) << i;
    EXPECT_EQ(*id, 0U);
    if (i % 3 == 0) {
      port_->receive(burst_);
      ASSERT_TRUE(far.send(endpoint, counting(10)));
      if (i % 2 == 0) receive(1);
      drop_all();
    }
    port_->unbind(*id);
  }
  EXPECT_EQ(port_->counters().locals.get(), 0U);
  expect_silence();
  EXPECT_EQ(port_->counters().slabs_free.get(), 64U);
}

TEST_F(UringPortTest, BindErrorsAreTold) {
  const net::LocalId local = bind(kLoopback4);
  EXPECT_EQ(port_->bind(port_->local_endpoint(local), {}).error(), BindError::in_use);
  EXPECT_EQ(port_->bind({net::Address::v4(0x08080808), 30000}, {}).error(), BindError::no_address);
  EXPECT_EQ(port_->bind({kLoopback4, 0}, {}).error(), BindError::no_resources);
  make({.slabs = 8, .packets = 64, .max_locals = 1});
  bind(kLoopback4);
  EXPECT_EQ(port_->bind({kLoopback4, 23457}, {}).error(), BindError::no_resources);
}

TEST_F(UringPortTest, AReservedEndpointMovesToAnotherPort) {
  const net::Endpoint endpoint{kLoopback4, 23458};
  const auto reserved = port_->reserve(endpoint, {});
  ASSERT_TRUE(reserved);
  auto other = UringPort::create({.slabs = 8, .packets = 64});
  ASSERT_TRUE(other);
  const auto id = (*other)->attach(*reserved);
  ASSERT_TRUE(id);
  FarSocket far(kLoopback4);
  ASSERT_TRUE(far.send(endpoint, counting(10)));
  for (int i = 0; i < 100 && burst_.empty(); ++i) {
    (*other)->wait(10'000'000);
    (*other)->receive(burst_);
  }
  EXPECT_EQ(burst_.size, 1U);
  (*other)->transmit(burst_);
  EXPECT_TRUE(far.receive());
  const auto discarded = port_->reserve({kLoopback4, 23459}, {});
  ASSERT_TRUE(discarded);
  port_->discard(*discarded);
  EXPECT_TRUE(port_->bind({kLoopback4, 23459}, {}));
}

TEST_F(UringPortTest, SendsFromAnotherPortsEndpoint) {
  const net::LocalId local = bind(kLoopback4);
  const net::Endpoint endpoint = port_->local_endpoint(local);
  auto other = UringPort::create({.slabs = 8, .packets = 64});
  ASSERT_TRUE(other);
  const auto lent = port_->lend(local);
  ASSERT_TRUE(lent);
  const auto borrowed = (*other)->borrow(*lent);
  ASSERT_TRUE(borrowed);
  EXPECT_EQ((*other)->local_endpoint(*borrowed), endpoint);
  FarSocket far(kLoopback4);
  ASSERT_TRUE(far.send(endpoint, counting(10)));
  receive(1);  // by the owner, as before
  (*other)->receive(burst_);
  ASSERT_EQ(burst_.size, 1U);
  net::info(burst_.packets[0]).local = *borrowed;
  net::info(burst_.packets[0]).path = (*other)->resolve(*borrowed, net::info(burst_.packets[0]).remote);
  (*other)->transmit(burst_);
  const auto back = far.receive();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->from, endpoint);
  // Either may end first.
  other->reset();
  ASSERT_TRUE(far.send(endpoint, counting(10)));
  receive(1);
  EXPECT_FALSE(port_->lend(local + 1));
}

TEST_F(UringPortTest, SharedEndpointsSpreadClients) {
  const net::Endpoint endpoint{kLoopback4, 23460};
  auto other = UringPort::create({.slabs = 64, .packets = 64});
  ASSERT_TRUE(other);
  ASSERT_TRUE(port_->bind(endpoint, {.shared = true}));
  ASSERT_TRUE((*other)->bind(endpoint, {.shared = true}));
  for (int i = 0; i < 32; ++i) {
    FarSocket far(kLoopback4);
    ASSERT_TRUE(far.send(endpoint, counting(10)));
  }
  port_->receive(burst_);
  const std::uint32_t here = burst_.size;
  drop_all();
  (*other)->receive(burst_);
  EXPECT_EQ(here + burst_.size, 32U);
  EXPECT_GT(here, 0U);
  EXPECT_GT(burst_.size, 0U);
  drop_all();
  (*other)->receive(burst_);
}

TEST_F(UringPortTest, ThousandsOfSockets) {
  std::vector<net::LocalId> ids;
  constexpr int kSockets = 4000;
  for (int i = 0; i < kSockets; ++i) ids.push_back(bind(kLoopback4));
  port_->receive(burst_);
  FarSocket far(kLoopback4);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kSockets; i += 50) {
      for (int k = 0; k < 50; ++k) ASSERT_TRUE(far.send(port_->local_endpoint(ids[i + k]), counting(10)));
      receive(50);
      port_->transmit(burst_);
    }
  }
  EXPECT_EQ(port_->counters().sent_packets.get(), 2U * kSockets);
  EXPECT_EQ(port_->counters().locals.get(), static_cast<std::uint64_t>(kSockets));
  for (const net::LocalId id : ids) port_->unbind(id);
  expect_silence();
}

TEST_F(UringPortTest, WakeEndsTheCurrentOrTheNextWait) {
  bind(kLoopback4);
  port_->receive(burst_);
  port_->wake();
  auto start = steady_clock::now();
  port_->wait(5'000'000'000);
  for (int i = 0; i < 3; ++i) {
    std::atomic<bool> done = false;
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      done = true;
      port_->wake();
    });
    const auto asleep = steady_clock::now();
    while (!done) {
      port_->wait(30'000'000'000);
      port_->receive(burst_);
    }
    other.join();
    EXPECT_LT(steady_clock::now() - asleep, std::chrono::seconds(20));
    port_->wait(0);
  }
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(2));
  port_->wait(0);
  port_->receive(burst_);
  start = steady_clock::now();
  port_->wait(20'000'000);
  EXPECT_GE(steady_clock::now() - start, std::chrono::milliseconds(15)) << "a wake is used up";
}

}  // namespace
}  // namespace penstock::port::test
