#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

#include "dataplane/port/uring/port.h"
#include "tests/port/far_socket.h"

namespace penstock::port {
namespace {

using Bytes = std::vector<std::uint8_t>;
using std::chrono::steady_clock;

const net::Address kLoopback4 = net::Address::v4(0x7f000001);
const net::Address kLoopback6 = *net::parse_address("::1");

Bytes counting(std::size_t n, std::uint8_t from = 0) {
  Bytes b(n);
  std::iota(b.begin(), b.end(), from);
  return b;
}

class UringPortTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(net::start_environment(512)); }
  void SetUp() override { make({.slabs = 64, .packets = 1024}); }
  void TearDown() override { drop_all(); }

  void make(const UringOptions& options) {
    auto port = UringPort::create(options);
    ASSERT_TRUE(port) << port.error();
    port_ = std::move(*port);
    next_port_ = 20000;
  }
  /// Binds some free port of `address`.
  net::LocalId bind(const net::Address& address, BindOptions options = {}) {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      const auto id = port_->bind({address, next_port_++}, options);
      if (id) return *id;
    }
    ADD_FAILURE() << "no port to bind";
    return net::kNoLocal;
  }
  /// Receives until `n` packets are in the burst, for a second at most.
  void receive(std::size_t n) {
    const auto end = steady_clock::now() + std::chrono::seconds(1);
    port_->receive(burst_);
    while (burst_.size < n && steady_clock::now() < end) {
      port_->wait(10'000'000);
      port_->receive(burst_);
    }
    ASSERT_EQ(burst_.size, n);
  }
  /// Nothing comes.
  void expect_silence() {
    for (int i = 0; i < 3; ++i) {
      port_->wait(5'000'000);
      port_->receive(burst_);
    }
    EXPECT_EQ(burst_.size, 0U);
  }
  void drop_all() {
    rte_pktmbuf_free_bulk(burst_.packets.data(), burst_.size);
    burst_.clear();
  }
  void send_all_to(net::LocalId local, const net::Endpoint& remote) {
    for (net::Packet* p : burst_) {
      net::info(p).local = local;
      net::info(p).remote = remote;
    }
    port_->transmit(burst_);
  }
  std::uint64_t dropped(net::Drop reason) const {
    return port_->counters().dropped[static_cast<std::size_t>(reason)].get();
  }
  std::uint64_t all_dropped() const {
    std::uint64_t sum = 0;
    for (const auto& c : port_->counters().dropped) sum += c.get();
    return sum;
  }

  std::unique_ptr<UringPort> port_;
  net::Burst burst_;
  std::uint16_t next_port_ = 20000;
};

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
}  // namespace penstock::port
