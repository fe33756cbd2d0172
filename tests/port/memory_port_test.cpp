#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "dataplane/port/memory/port.h"

namespace penstock::port {
namespace {

using Bytes = std::vector<std::uint8_t>;

const net::Endpoint kLocal{net::Address::v4(0x0a000001), 3478};
const net::Endpoint kRemote{net::Address::v4(0x0a000002), 40000};
const net::Endpoint kRemote6{*net::parse_address("2001:db8::1"), 40000};

Bytes counting(std::size_t n) {
  Bytes b(n);
  std::iota(b.begin(), b.end(), std::uint8_t{0});
  return b;
}

class MemoryPortTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(net::start_environment(256)); }
  void SetUp() override { make({.packets = 1024}); }
  void TearDown() override {
    ASSERT_TRUE(port_);
    EXPECT_EQ(port_->packets_in_use(), 0U) << "a packet leaked";
  }
  void make(const MemoryOptions& options) {
    auto port = MemoryPort::create(options);
    ASSERT_TRUE(port) << port.error();
    port_ = std::move(*port);
    local_ = *port_->bind(kLocal, {});
  }
  void drop_all() {
    rte_pktmbuf_free_bulk(burst_.packets.data(), burst_.size);
    burst_.clear();
  }
  std::uint64_t dropped(net::Drop reason) const {
    return port_->counters().dropped[static_cast<std::size_t>(reason)].get();
  }

  std::unique_ptr<MemoryPort> port_;
  net::LocalId local_ = net::kNoLocal;
  net::Burst burst_;
};

TEST_F(MemoryPortTest, EchoesADatagramWithItsTos) {
  ASSERT_TRUE(port_->inject(kLocal, kRemote, counting(100), 0xb8));
  port_->receive(burst_);
  ASSERT_EQ(burst_.size, 1U);
  EXPECT_EQ(net::info(burst_.packets[0]).remote, kRemote);
  EXPECT_EQ(net::info(burst_.packets[0]).local, local_);
  EXPECT_EQ(net::info(burst_.packets[0]).train, 0);
  port_->transmit(burst_);
  EXPECT_TRUE(burst_.empty());
  const auto sent = port_->take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].bytes, counting(100));
  EXPECT_EQ(sent[0].remote, kRemote);
  EXPECT_EQ(sent[0].local, kLocal);
  EXPECT_EQ(sent[0].tos, 0xb8);
  EXPECT_TRUE(port_->take_sent().empty());
  EXPECT_EQ(port_->counters().received_bytes.get(), 100U);
  EXPECT_EQ(port_->counters().sent_bytes.get(), 100U);
}

TEST_F(MemoryPortTest, ATrainSharesItsBufferAndItsNeighboursAreNotOverwritten) {
  ASSERT_TRUE(port_->inject_train(local_, kRemote, counting(250), 100));
  port_->receive(burst_);
  ASSERT_EQ(burst_.size, 3U);
  const std::uint8_t shares_both = net::PacketInfo::kSharesHeadroom | net::PacketInfo::kSharesTailroom;
  EXPECT_EQ(net::info(burst_.packets[0]).flags, net::PacketInfo::kSharesTailroom);
  EXPECT_EQ(net::info(burst_.packets[1]).flags, shares_both);
  EXPECT_EQ(net::info(burst_.packets[2]).flags, net::PacketInfo::kSharesHeadroom);
  for (net::Packet* p : burst_) {
    EXPECT_NE(net::info(p).train, 0);
    EXPECT_EQ(net::info(p).train, net::info(burst_.packets[0]).train);
    std::memset(net::prepend(p, 4), 0xff, 4);
    net::append_zeros(p, 2);
  }
  port_->transmit(burst_);
  const auto sent = port_->take_sent();
  ASSERT_EQ(sent.size(), 3U);
  const Bytes all = counting(250);
  for (std::size_t i = 0; i < 3; ++i) {
    Bytes expected(4, 0xff);
    expected.insert(expected.end(), all.begin() + 100 * i, all.begin() + std::min<std::size_t>(100 * (i + 1), 250));
    expected.resize(expected.size() + 2, 0);
    EXPECT_EQ(sent[i].bytes, expected);
  }
  EXPECT_EQ(port_->counters().received_trains.get(), 1U);
  EXPECT_EQ(port_->counters().receives.get(), 1U);
}

TEST_F(MemoryPortTest, ATrainThatDoesNotFitTheBurstGoesOnInTheNext) {
  ASSERT_TRUE(port_->inject_train(local_, kRemote, counting(600), 2));
  port_->receive(burst_);
  EXPECT_EQ(burst_.size, net::kBurstCapacity);
  drop_all();
  port_->receive(burst_);
  EXPECT_EQ(burst_.size, 300 - net::kBurstCapacity);
  drop_all();
}

TEST_F(MemoryPortTest, BindsFailOnDemand) {
  const net::Endpoint taken{kLocal.address, 5000};
  port_->host().occupy(taken);
  EXPECT_EQ(port_->bind(taken, {}).error(), BindError::in_use);
  port_->host().vacate(taken);
  const auto bound = port_->bind(taken, {});
  ASSERT_TRUE(bound);
  EXPECT_EQ(port_->bind(taken, {}).error(), BindError::in_use);
  EXPECT_EQ(port_->bind(taken, {.shared = true}).error(), BindError::in_use);
  port_->unbind(*bound);
  port_->host().refuse_when(
      [](const net::Endpoint& e) { return e.port % 2 == 0 ? std::optional(BindError::no_address) : std::nullopt; });
  EXPECT_EQ(port_->bind(taken, {}).error(), BindError::no_address);
  EXPECT_TRUE(port_->bind({kLocal.address, 5001}, {}));
  EXPECT_EQ(port_->bind({kLocal.address, 0}, {}).error(), BindError::no_resources);
}

TEST_F(MemoryPortTest, LocalsAreBoundedAndReused) {
  make({.packets = 64, .max_locals = 2});
  const auto second = port_->bind({kLocal.address, 5000}, {});
  ASSERT_TRUE(second);
  EXPECT_EQ(port_->bind({kLocal.address, 5001}, {}).error(), BindError::no_resources);
  port_->unbind(*second);
  const auto third = port_->bind({kLocal.address, 5001}, {});
  ASSERT_TRUE(third);
  EXPECT_EQ(*third, *second);
  EXPECT_EQ(port_->local_endpoint(*third).port, 5001);
  EXPECT_EQ(port_->counters().locals.get(), 2U);
  EXPECT_EQ(port_->host().open_endpoints(), 2U);
}

TEST_F(MemoryPortTest, AReservedEndpointMovesToAnotherWorker) {
  auto host = std::make_shared<MemoryHost>();
  make({.packets = 64, .host = host});
  auto other = MemoryPort::create({.packets = 64, .host = host});
  ASSERT_TRUE(other);
  const net::Endpoint relayed{kLocal.address, 5000};
  const auto reserved = port_->reserve(relayed, {});
  ASSERT_TRUE(reserved);
  EXPECT_EQ((*other)->bind(relayed, {}).error(), BindError::in_use);
  const auto id = (*other)->attach(*reserved);
  ASSERT_TRUE(id);
  EXPECT_EQ((*other)->local_endpoint(*id), relayed);
  (*other)->unbind(*id);
  EXPECT_TRUE(port_->bind(relayed, {}));
}

TEST_F(MemoryPortTest, SendsFromAnotherPortsEndpoint) {
  auto host = std::make_shared<MemoryHost>();
  make({.packets = 64, .host = host});
  const net::Endpoint media{kLocal.address, 5000};
  const auto bound = port_->bind(media, {});
  const std::size_t open = host->open_endpoints();
  auto other = MemoryPort::create({.packets = 64, .host = host});
  ASSERT_TRUE(bound && other);
  const auto borrowed = (*other)->borrow(*port_->lend(*bound));
  ASSERT_TRUE(borrowed);
  EXPECT_EQ((*other)->local_endpoint(*borrowed), media);
  EXPECT_EQ((*other)->find(media), net::kNoLocal) << "nothing arrives there";
  EXPECT_NE((*other)->resolve(*borrowed, kRemote), net::kNoPath);
  other->reset();
  EXPECT_EQ(host->open_endpoints(), open) << "it was the owner's all the time";
  EXPECT_FALSE(port_->lend(*bound + 1));
}

TEST_F(MemoryPortTest, SharedEndpointsAreOpenToSeveralWorkers) {
  auto host = std::make_shared<MemoryHost>();
  make({.packets = 64, .host = host});
  auto other = MemoryPort::create({.packets = 64, .host = host});
  ASSERT_TRUE(other);
  const net::Endpoint listener{kLocal.address, 5000};
  EXPECT_TRUE(port_->bind(listener, {.shared = true}));
  EXPECT_TRUE((*other)->bind(listener, {.shared = true}));
  EXPECT_EQ((*other)->bind(listener, {}).error(), BindError::in_use);
}

TEST_F(MemoryPortTest, UnbindDiscardsWhatWasNotReceived) {
  ASSERT_TRUE(port_->inject(local_, kRemote, counting(10)));
  port_->unbind(local_);
  port_->receive(burst_);
  EXPECT_TRUE(burst_.empty());
  EXPECT_FALSE(port_->inject(local_, kRemote, counting(10)));
  EXPECT_EQ(port_->find(kLocal), net::kNoLocal);
}

TEST_F(MemoryPortTest, EveryPacketIsSentOrDroppedByName) {
  const auto send = [&](const net::Endpoint& remote, std::size_t size, std::uint8_t flags) {
    ASSERT_TRUE(port_->inject(local_, kRemote, counting(size)));
    port_->receive(burst_);
    net::info(burst_.packets[0]).remote = remote;
    net::info(burst_.packets[0]).flags |= flags;
    port_->transmit(burst_);
  };
  make({.packets = 64, .mtu = 1472});
  send(kRemote, 1473, 0);
  EXPECT_EQ(port_->counters().sent_packets.get(), 1U);
  send(kRemote, 1473, net::PacketInfo::kDontFragment);
  EXPECT_EQ(dropped(net::Drop::tx_too_big), 1U);
  send(kRemote6, 10, 0);
  EXPECT_EQ(dropped(net::Drop::tx_unreachable), 1U);
  port_->fail_sends(net::Drop::tx_no_buffer);
  send(kRemote, 10, 0);
  EXPECT_EQ(dropped(net::Drop::tx_no_buffer), 1U);
  port_->fail_sends(std::nullopt);
  send(kRemote, 10, 0);
  EXPECT_EQ(port_->counters().sent_packets.get(), 2U);
  EXPECT_EQ(port_->counters().received_packets.get(), 5U);
}

TEST_F(MemoryPortTest, AnEmptyPoolIsADropAndRecovers) {
  make({.packets = 4});
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(port_->inject(local_, kRemote, counting(10)));
  EXPECT_FALSE(port_->inject(local_, kRemote, counting(10)));
  EXPECT_EQ(dropped(net::Drop::rx_no_packet), 1U);
  port_->receive(burst_);
  drop_all();
  EXPECT_TRUE(port_->inject(local_, kRemote, counting(10)));
  port_->receive(burst_);
  drop_all();
}

TEST_F(MemoryPortTest, PathsNeedOneFamily) {
  EXPECT_NE(port_->resolve(local_, kRemote), net::kNoPath);
  EXPECT_EQ(port_->resolve(local_, kRemote6), net::kNoPath);
}

TEST_F(MemoryPortTest, IcmpErrorsAreHandedOut) {
  port_->inject_icmp_error({local_, kRemote, 3, 3, 0});
  std::array<IcmpError, 4> errors;
  ASSERT_EQ(port_->take_icmp_errors(errors), 1U);
  EXPECT_EQ(errors[0].remote, kRemote);
  EXPECT_EQ(port_->take_icmp_errors(errors), 0U);
}

TEST_F(MemoryPortTest, TemplatesComeRoundWithTheirHeadsRestored) {
  std::vector<MemoryTemplate> templates(3);
  for (std::uint8_t i = 0; i < 3; ++i) {
    templates[i].remote = {kRemote.address, static_cast<std::uint16_t>(1000 + i)};
    templates[i].local = local_;
    templates[i].size = 100;
    templates[i].head_size = 4;
    templates[i].head = {0x40, i, 0, 96};
  }
  port_->set_record(false);
  ASSERT_TRUE(port_->present(templates));
  for (unsigned pass = 0; pass < 8; ++pass) {
    port_->receive(burst_);
    ASSERT_EQ(burst_.size, net::kBurstCapacity);
    for (unsigned i = 0; i < burst_.size; ++i) {
      net::Packet* p = burst_.packets[i];
      const auto which = static_cast<std::uint8_t>((pass * net::kBurstCapacity + i) % 3);
      EXPECT_EQ(net::info(p).remote.port, 1000 + which);
      EXPECT_EQ(net::payload(p)[1], which);
      EXPECT_EQ(net::payload(p).size(), 100U);
      net::strip(p, 4);
      std::memset(net::prepend(p, 36), 0xee, 36);
    }
    port_->transmit(burst_);
  }
  EXPECT_EQ(port_->counters().sent_packets.get(), 8U * net::kBurstCapacity);
  EXPECT_TRUE(port_->take_sent().empty());
  ASSERT_TRUE(port_->present({}));
  port_->receive(burst_);
  EXPECT_TRUE(burst_.empty());
  templates[0].size = 3000;
  EXPECT_FALSE(port_->present(templates));
}

TEST_F(MemoryPortTest, WaitEndsOnWakeAndOnArrival) {
  port_->wake();
  port_->wait(60'000'000'000);
  std::thread far([&] { port_->inject(kLocal, kRemote, counting(10)); });
  port_->wait(60'000'000'000);
  far.join();
  port_->wait(1'000'000);
  port_->receive(burst_);
  EXPECT_EQ(burst_.size, 1U);
  drop_all();
}

}  // namespace
}  // namespace penstock::port
