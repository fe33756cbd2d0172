// Datagrams and trains through a port over kernel sockets.

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

class UringPortFamilyTest : public UringPortTest, public ::testing::WithParamInterface<net::Address> {};

INSTANTIATE_TEST_SUITE_P(Families, UringPortFamilyTest, ::testing::Values(kLoopback4, kLoopback6),
                         [](const auto& param) { return param.param.is_v4() ? "v4" : "v6"; });

TEST_P(UringPortFamilyTest, EchoesDatagramsWithTheirTos) {
  const net::LocalId local = bind(GetParam());
  const net::Endpoint endpoint = port_->local_endpoint(local);
  FarSocket far(GetParam());
  for (const std::size_t size : {0UL, 1UL, 100UL, 1400UL, 9000UL, kMaxPayload}) {
    SCOPED_TRACE(size);
    ASSERT_TRUE(far.send(endpoint, counting(size), 0, 0xb8));
    receive(1);
    net::Packet* p = burst_.packets[0];
    EXPECT_EQ(net::info(p).remote, far.endpoint());
    EXPECT_EQ(net::info(p).local, local);
    EXPECT_EQ(net::info(p).tos, 0xb8);
    EXPECT_EQ(net::info(p).train, 0);
    EXPECT_GE(p->data_off, net::kLeadCapacity);
    port_->transmit(burst_);
    const auto echo = far.receive();
    ASSERT_TRUE(echo);
    EXPECT_EQ(echo->bytes, counting(size));
    EXPECT_EQ(echo->from, endpoint);
    EXPECT_EQ(echo->tos, 0xb8);
  }
  EXPECT_EQ(port_->counters().received_packets.get(), 6U);
  EXPECT_EQ(port_->counters().sent_packets.get(), 6U);
  EXPECT_EQ(port_->counters().received_bytes.get(), port_->counters().sent_bytes.get());
  EXPECT_EQ(all_dropped(), 0U);
}

TEST_P(UringPortFamilyTest, ATrainStaysOne) {
  const net::LocalId local = bind(GetParam());
  FarSocket far(GetParam(), true);
  const Bytes sent = counting(15 * 100 + 40);
  ASSERT_TRUE(far.send(port_->local_endpoint(local), sent, 100));
  receive(16);
  EXPECT_EQ(port_->counters().receives.get(), 1U);
  EXPECT_EQ(port_->counters().received_trains.get(), 1U);
  for (unsigned i = 0; i < 16; ++i) {
    net::Packet* p = burst_.packets[i];
    EXPECT_EQ(net::info(p).train, net::info(burst_.packets[0]).train);
    EXPECT_NE(net::info(p).train, 0);
    EXPECT_EQ(p->shinfo, burst_.packets[0]->shinfo) << "one slab";
    ASSERT_EQ(p->data_len, i == 15 ? 40 : 100);
    EXPECT_EQ(std::memcmp(net::payload(p).data(), sent.data() + i * 100, p->data_len), 0);
  }
  port_->transmit(burst_);
  const auto back = far.receive();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->bytes, sent);
  EXPECT_EQ(back->segment, 100);
  EXPECT_EQ(port_->counters().sends.get(), 1U);
  EXPECT_EQ(port_->counters().sent_trains.get(), 1U);
  EXPECT_EQ(port_->counters().sent_packets.get(), 16U);
}

TEST_P(UringPortFamilyTest, HeadersAreAddedAndTakenOffATrainWithoutCopying) {
  const net::LocalId local = bind(GetParam());
  FarSocket far(GetParam(), true);
  const Bytes sent = counting(10 * 101);
  ASSERT_TRUE(far.send(port_->local_endpoint(local), sent, 101));
  receive(10);
  Bytes expected;
  for (unsigned i = 0; i < 10; ++i) {
    std::memset(net::prepend(burst_.packets[i], 4), 0xaa, 4);
    net::append_zeros(burst_.packets[i], 3);
    expected.insert(expected.end(), 4, 0xaa);
    expected.insert(expected.end(), sent.begin() + i * 101, sent.begin() + (i + 1) * 101);
    expected.insert(expected.end(), 3, 0);
  }
  port_->transmit(burst_);
  auto back = far.receive();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->bytes, expected);
  EXPECT_EQ(back->segment, 108);

  ASSERT_TRUE(far.send(port_->local_endpoint(local), expected, 108));
  receive(10);
  for (net::Packet* p : burst_) {
    net::strip(p, 4);
    net::truncate(p, 101);
  }
  port_->transmit(burst_);
  back = far.receive();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->bytes, sent);
  EXPECT_EQ(back->segment, 101);
}

TEST_F(UringPortTest, InterleavedFlowsLeaveAsTrainsAndKeepTheirOrder) {
  const net::LocalId local = bind(kLoopback4);
  std::array<FarSocket, 3> far{FarSocket(kLoopback4, true), FarSocket(kLoopback4, true), FarSocket(kLoopback4, true)};
  for (std::uint8_t n = 0; n < 8; ++n) {
    for (FarSocket& f : far) ASSERT_TRUE(f.send(port_->local_endpoint(local), counting(50, n)));
  }
  receive(24);
  const std::uint64_t before = port_->counters().sends.get();
  port_->transmit(burst_);
  EXPECT_EQ(port_->counters().sends.get() - before, 3U);
  for (FarSocket& f : far) {
    const auto train = f.receive();
    ASSERT_TRUE(train);
    ASSERT_EQ(train->bytes.size(), 8 * 50U);
    EXPECT_EQ(train->segment, 50);
    for (std::uint8_t n = 0; n < 8; ++n) EXPECT_EQ(train->bytes[50 * n], n);
  }
}

TEST_F(UringPortTest, ATrainLongerThanTheBurstGoesOnInTheNext) {
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(50 * 20), 20));
  receive(net::kBurstCapacity);
  const std::uint16_t last = net::info(burst_.packets[net::kBurstCapacity - 1]).train;
  drop_all();
  receive(300 - net::kBurstCapacity);
  EXPECT_EQ(net::info(burst_.packets[0]).train, last);
  EXPECT_EQ(net::payload(burst_.packets[0])[0], (6 * 20) & 0xff);  // datagram 256 is the sixth of its train
  drop_all();
  port_->receive(burst_);
  EXPECT_EQ(port_->counters().slabs_free.get(), 64U);
}

TEST_F(UringPortTest, UnbindForgetsTheRestOfATrain) {
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(50 * 20), 20));
  receive(net::kBurstCapacity);
  drop_all();
  port_->unbind(local);
  EXPECT_EQ(bind(kLoopback4), local) << "the id is reused";
  // The fourteen datagrams left of the sixth train were received, and are accounted.
  EXPECT_EQ(port_->counters().received_packets.get(), net::kBurstCapacity + dropped(net::Drop::no_flow));
  EXPECT_GT(dropped(net::Drop::no_flow), 0U);
  expect_silence();
  EXPECT_EQ(port_->counters().slabs_free.get(), 64U);
}

TEST_F(UringPortTest, WhatCannotBeSentIsDroppedByName) {
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4);
  const auto one = [&](std::size_t size) {
    ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(size)));
    receive(1);
  };
  one(kMaxPayload);
  std::memset(net::prepend(burst_.packets[0], 4), 0, 4);
  port_->transmit(burst_);
  EXPECT_EQ(dropped(net::Drop::tx_too_big), 1U);
  one(10);
  send_all_to(local, {kLoopback6, 9});
  EXPECT_EQ(dropped(net::Drop::tx_unreachable), 1U);
  one(10);
  send_all_to(local, {kLoopback4, 0});
  EXPECT_EQ(dropped(net::Drop::tx_unreachable), 2U);
  one(10);
  send_all_to(local, {net::Address::v4(0x08080808), 9});  // a socket on loopback cannot leave the host
  EXPECT_EQ(dropped(net::Drop::tx_error) + dropped(net::Drop::tx_unreachable), 3U);
  one(10);
  send_all_to(local, {net::Address::v4(0xffffffff), 9});
  EXPECT_EQ(dropped(net::Drop::tx_refused) + dropped(net::Drop::tx_unreachable) + dropped(net::Drop::tx_error), 4U);
  one(10);
  send_all_to(local + 1, far.endpoint());
  EXPECT_EQ(all_dropped(), 6U);
  EXPECT_EQ(port_->counters().sent_packets.get(), 0U);
  EXPECT_EQ(port_->counters().received_packets.get(), 6U);
}

TEST_F(UringPortTest, AFailureAmongManySendsCostsOnlyItself) {
  std::array<net::LocalId, 4> locals{bind(kLoopback4), bind(kLoopback4), bind(kLoopback4), bind(kLoopback4)};
  FarSocket far(kLoopback4);
  for (unsigned i = 0; i < 40; ++i) {
    ASSERT_TRUE(far.send(port_->local_endpoint(locals[i % 4]), counting(100 + i, static_cast<std::uint8_t>(i))));
  }
  receive(40);
  // A socket on loopback cannot send to the world: two packets of the runs, and all that the last socket sends.
  const net::Endpoint world{net::Address::v4(0x08080808), 9};
  unsigned failing = 0;
  for (net::Packet* p : burst_) {
    const std::uint8_t number = net::payload(p)[0];
    if (number == 8 || number == 21 || number % 4 == 3) {
      net::info(p).remote = world;
      ++failing;
    }
  }
  ASSERT_EQ(failing, 12U);
  port_->transmit(burst_);
  EXPECT_EQ(all_dropped(), 12U);
  EXPECT_EQ(port_->counters().sent_packets.get(), 28U);
  std::array<int, 4> last{-1, -1, -1, -1};
  for (int i = 0; i < 28; ++i) {
    const auto got = far.receive();
    ASSERT_TRUE(got);
    const int number = got->bytes[0];
    EXPECT_GT(number, last[number % 4]) << "order within a flow";
    last[number % 4] = number;
  }
}

TEST_F(UringPortTest, IsMadeOnOneThreadAndUsedOnAnother) {
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4);
  ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(100)));
  std::thread worker([&] {
    receive(1);
    port_->transmit(burst_);
    const net::LocalId another = bind(kLoopback4);
    ASSERT_TRUE(far.send(port_->local_endpoint(another), counting(50)));
    receive(1);
    port_->transmit(burst_);
    port_->unbind(another);
  });
  worker.join();
  EXPECT_TRUE(far.receive());
  EXPECT_TRUE(far.receive());
}

TEST_F(UringPortTest, ImpossibleOptionsAreASentence) {
  const auto port = UringPort::create({.slabs = 100});
  ASSERT_FALSE(port);
  EXPECT_NE(port.error().find("power of two"), std::string::npos) << port.error();
}

TEST_F(UringPortTest, WithoutGsoATrainGoesSingly) {
  make({.slabs = 64, .packets = 1024, .gso = false});
  const net::LocalId local = bind(kLoopback4);
  FarSocket far(kLoopback4, true);
  ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(400), 100));
  receive(4);
  port_->transmit(burst_);
  for (std::uint8_t i = 0; i < 4; ++i) {
    const auto single = far.receive();
    ASSERT_TRUE(single);
    EXPECT_EQ(single->bytes, counting(100, static_cast<std::uint8_t>(i * 100)));
  }
  EXPECT_EQ(port_->counters().train_fallbacks.get(), 1U);
  EXPECT_EQ(port_->counters().sent_packets.get(), 4U);
}

/// A network of its own for one thread, whose loopback has the MTU of an Ethernet.
bool enter_small_network() {
  if (unshare(CLONE_NEWNET) != 0) return false;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_mtu = 1500;
  bool done = ioctl(fd, SIOCSIFMTU, &request) == 0;
  request.ifr_flags = IFF_UP;
  done = done && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  close(fd);
  return done;
}

/// Runs `test` where packets of more than 1,500 bytes are fragments, or says that it takes root.
template <class Test>
void in_small_network(Test test) {
  bool entered = false;
  std::thread([&] {
    entered = enter_small_network();
    if (entered) test();
  }).join();
  if (!entered) GTEST_SKIP() << "needs the right to make a network namespace";
}

TEST_P(UringPortFamilyTest, SegmentsBeyondTheMtuGoSinglyAndThatIsRemembered) {
  in_small_network([&] {
    make({.slabs = 64, .packets = 1024});
    const net::LocalId local = bind(GetParam());
    FarSocket far(GetParam());
    for (int round = 0; round < 2; ++round) {
      for (std::uint8_t i = 0; i < 4; ++i) {
        ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(1600, i)));
      }
      receive(4);
      port_->transmit(burst_);
      for (std::uint8_t i = 0; i < 4; ++i) {
        const auto single = far.receive();
        ASSERT_TRUE(single);
        EXPECT_EQ(single->bytes, counting(1600, i));
      }
      EXPECT_EQ(port_->counters().train_fallbacks.get(), round + 1U);
      EXPECT_EQ(port_->counters().sent_trains.get(), 1U) << "tried once";
    }
    // Smaller segments are not refused.
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(1200)));
    receive(4);
    port_->transmit(burst_);
    EXPECT_EQ(port_->counters().sent_trains.get(), 2U);
    EXPECT_EQ(port_->counters().train_fallbacks.get(), 2U);
    EXPECT_EQ(port_->counters().sent_packets.get(), 12U);
    EXPECT_EQ(all_dropped(), 0U);
  });
}

TEST_P(UringPortFamilyTest, DontFragmentIsPerPacket) {
  in_small_network([&] {
    make({.slabs = 64, .packets = 1024});
    const net::LocalId local = bind(GetParam(), {.icmp_errors = true});
    FarSocket far(GetParam());
    // Growing sizes, so that no train forms; every other packet may not be fragmented.
    const std::array<std::size_t, 6> sizes{1000, 1001, 1600, 1601, 1602, 1603};
    for (const std::size_t size : sizes) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(size)));
    receive(sizes.size());
    for (unsigned i = 1; i < burst_.size; i += 2) net::info(burst_.packets[i]).flags |= net::PacketInfo::kDontFragment;
    port_->transmit(burst_);
    EXPECT_EQ(dropped(net::Drop::tx_too_big), 2U);
    EXPECT_EQ(port_->counters().sent_packets.get(), 4U);
    for (const std::size_t expected : {1000UL, 1001UL, 1600UL, 1602UL}) {
      const auto got = far.receive();
      ASSERT_TRUE(got);
      EXPECT_EQ(got->bytes.size(), expected);
    }
    // The refusals were this host's own, and the socket still receives.
    std::array<IcmpError, 4> errors;
    EXPECT_EQ(port_->take_icmp_errors(errors), 0U);
    ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(10)));
    receive(1);
  });
}

TEST_P(UringPortFamilyTest, AClosedPortIsAnIcmpErrorAndDoesNotStopTheSocket) {
  const net::LocalId local = bind(GetParam(), {.icmp_errors = true});
  FarSocket far(GetParam());
  net::Endpoint closed;
  {
    FarSocket gone(GetParam());
    closed = gone.endpoint();
  }
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(100)));
    receive(1);
    send_all_to(local, closed);
    // The error that is now pending must not cost the next packet.
    ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(100)));
    receive(1);
    port_->transmit(burst_);
    EXPECT_TRUE(far.receive());
    std::array<IcmpError, 8> errors;
    const std::size_t n = port_->take_icmp_errors(errors);
    ASSERT_EQ(n, 1U);
    EXPECT_EQ(errors[0].local, local);
    EXPECT_EQ(errors[0].remote, closed);
    EXPECT_EQ(errors[0].type, GetParam().is_v4() ? 3 : 1);
    EXPECT_EQ(errors[0].code, GetParam().is_v4() ? 3 : 4);
  }
  EXPECT_EQ(all_dropped(), 0U);
  EXPECT_EQ(port_->counters().sent_packets.get(), 6U);
}

TEST_F(UringPortTest, APendingIcmpErrorDoesNotCostAPacket) {
  const net::LocalId local = bind(kLoopback4, {.icmp_errors = true});
  FarSocket far(kLoopback4);
  net::Endpoint closed;
  {
    FarSocket gone(kLoopback4);
    closed = gone.endpoint();
  }
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(far.send(port_->local_endpoint(local), counting(100)));
  receive(8);
  for (unsigned i = 0; i < 8; i += 2) net::info(burst_.packets[i]).remote = closed;
  for (unsigned i = 0; i < 8; ++i) net::truncate(burst_.packets[i], 90 + i);  // growing: no trains
  port_->transmit(burst_);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(far.receive()) << i;
  EXPECT_EQ(port_->counters().sent_packets.get(), 8U);
  std::array<IcmpError, 8> errors;
  port_->receive(burst_);
  EXPECT_EQ(port_->take_icmp_errors(errors), 4U);
}

}  // namespace
}  // namespace penstock::port::test
