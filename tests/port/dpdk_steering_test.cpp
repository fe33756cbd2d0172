// Several workers on a DPDK port: every packet finds the one that owns it.

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

#include "tests/port/dpdk_wire.h"

namespace penstock::port {
namespace {

using net::Drop;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const FrameBytes kWords = net::counting(1, 101);

class DpdkSteeringTest : public DpdkWireTest {
 protected:
  void passes(unsigned n) {
    for (unsigned i = 0; i < n; ++i) pass();
  }
  const PortCounters& counters(std::uint16_t worker) { return port(worker).counters(); }
};

TEST_F(DpdkSteeringTest, OneQueueServesTwoWorkersAndAClientStaysWithOne) {
  start({.workers = 2});
  EXPECT_EQ(host_->steering(0), Steering::software);
  const std::array<net::LocalId, 2> shared{bind({kOurV4, 3478}, 0, {.shared = true}),
                                           bind({kOurV4, 3478}, 1, {.shared = true})};
  for (unsigned round = 0; round < 3; ++round) {
    for (std::uint16_t client = 1; client <= 100; ++client) {
      inject(datagram_frame({kRemote.address, client}, {kOurV4, 3478}, kWords));
    }
    passes(4);
  }
  std::map<std::uint16_t, std::vector<std::uint16_t>> workers_of;
  for (const Delivered& d : take_delivered()) {
    workers_of[d.remote.port].push_back(d.worker);
    EXPECT_EQ(d.local, shared[d.worker]);
    EXPECT_EQ(d.payload, kWords);
  }
  std::array<unsigned, 2> clients{};
  for (std::uint16_t client = 1; client <= 100; ++client) {
    ASSERT_THAT(workers_of[client], SizeIs(3)) << "client " << client;
    EXPECT_THAT(workers_of[client], ::testing::Each(workers_of[client][0]));
    ++clients[workers_of[client][0]];
  }
  EXPECT_GT(clients[0], 20U);
  EXPECT_GT(clients[1], 20U);
  EXPECT_EQ(counters(0).handed_over.get(), counters(1).taken_over.get());
  EXPECT_EQ(counters(0).same_worker.get(), clients[0] * 3U);
}

TEST_F(DpdkSteeringTest, AClientHasOneWorkerWhicheverQueueItComesInBy) {
  start({.workers = 2, .queues = 2});
  bind({kOurV4, 3478}, 0, {.shared = true});
  bind({kOurV4, 3478}, 1, {.shared = true});
  for (std::uint16_t client = 1; client <= 50; ++client) {
    for (const std::uint16_t queue : {std::uint16_t{0}, std::uint16_t{1}}) {
      inject(datagram_frame({kRemote.address, client}, {kOurV4, 3478}, kWords), 0, queue);
    }
  }
  passes(4);
  std::map<std::uint16_t, std::vector<std::uint16_t>> workers_of;
  for (const Delivered& d : take_delivered()) workers_of[d.remote.port].push_back(d.worker);
  for (const auto& [client, workers] : workers_of) {
    ASSERT_THAT(workers, SizeIs(2));
    EXPECT_EQ(workers[0], workers[1]);
  }
  EXPECT_THAT(workers_of, SizeIs(50));
}

TEST_F(DpdkSteeringTest, RelayedPortsAreTheirOwners) {
  start({.workers = 2});
  const net::LocalId ours = bind({kOurV4, 50000}, 0), theirs = bind({kOurV4, 50001}, 1);
  inject(datagram_frame(kRemote, {kOurV4, 50000}, kWords));
  inject(datagram_frame(kRemote, {kOurV4, 50001}, kWords));
  passes(2);
  const auto all = take_delivered();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].worker, 0);
  EXPECT_EQ(all[0].local, ours);
  EXPECT_EQ(all[1].worker, 1);
  EXPECT_EQ(all[1].local, theirs);
  EXPECT_EQ(all[1].sum, net::fold(net::ones_sum(kWords)));
}

TEST_F(DpdkSteeringTest, AReservedPortMovesToWhoClaimsIt) {
  start({.workers = 2});
  const auto reserved = port(0).reserve({kOurV4, 50002}, {});
  ASSERT_TRUE(reserved);
  EXPECT_EQ(port(1).bind({kOurV4, 50002}, {}).error(), BindError::in_use);
  const auto claimed = port(1).attach(*reserved);
  ASSERT_TRUE(claimed);
  inject(datagram_frame(kRemote, {kOurV4, 50002}, kWords));
  passes(2);
  const auto all = take_delivered();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].worker, 1);
  EXPECT_EQ(all[0].local, *claimed);
}

TEST_F(DpdkSteeringTest, WhatWasUnboundOnTheWayIsDropped) {
  start({.workers = 2});
  const net::LocalId theirs = bind({kOurV4, 50001}, 1);
  inject(datagram_frame(kRemote, {kOurV4, 50001}, kWords));
  pass(0);
  port(1).unbind(theirs);
  pass(1);
  EXPECT_THAT(take_delivered(), IsEmpty());
  EXPECT_EQ(dropped(Drop::no_flow, 1), 1U);
}

TEST_F(DpdkSteeringTest, AFullRoadDropsByName) {
  start({.workers = 2, .handoff = 16});
  bind({kOurV4, 50001}, 1);
  for (unsigned i = 0; i < 50; ++i) inject(datagram_frame(kRemote, {kOurV4, 50001}, kWords));
  pass(0);
  EXPECT_EQ(dropped(Drop::handoff_full, 0), 34U);
  EXPECT_EQ(counters(0).handed_over.get(), 16U);
  pass(1);
  EXPECT_THAT(take_delivered(), SizeIs(16));
  inject(datagram_frame(kRemote, {kOurV4, 50001}, kWords));
  passes(2);
  EXPECT_THAT(take_delivered(), SizeIs(1));
}

TEST_F(DpdkSteeringTest, AWorkerWithoutAQueueSendsThroughAnother) {
  start({.workers = 2});
  const net::LocalId theirs = bind({kOurV4, 50001}, 1);
  know_neighbours();
  transmit(theirs, kRemote, kWords, 0, 1);
  const auto frames = await_left(1);
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(net::parse_frame(frames[0]).source, (net::Endpoint{kOurV4, 50001}));
  EXPECT_EQ(counters(1).sent_packets.get(), 0U);
  EXPECT_EQ(counters(1).handed_over.get(), 1U);
  EXPECT_EQ(counters(0).taken_over.get(), 1U);
  EXPECT_EQ(counters(0).sent_packets.get(), 1U);
}

TEST_F(DpdkSteeringTest, PiecesOfAWorkerWithoutAQueueAreOnePacket) {
  start({.workers = 2, .keys = ";mtu=1300"});
  const net::LocalId theirs = bind({kOurV4, 50001}, 1);
  know_neighbours();
  transmit(theirs, kRemote, net::counting(0, 1800), 0, 1);
  EXPECT_THAT(await_left(2), SizeIs(2));
  EXPECT_EQ(counters(0).sent_packets.get(), 1U);
}

TEST_F(DpdkSteeringTest, ARoadFullOfOutgoingFramesDropsByName) {
  start({.workers = 2, .handoff = 16});
  const net::LocalId theirs = bind({kOurV4, 50001}, 1);
  know_neighbours();
  transmit(theirs, kRemote, {1}, 0, 1);
  await_left(1);
  for (unsigned i = 0; i < 20; ++i) transmit(theirs, kRemote, kWords, 0, 1);
  EXPECT_EQ(dropped(Drop::tx_no_buffer, 1), 4U);
  pass(0);
  EXPECT_THAT(left(), SizeIs(16));
}

TEST_F(DpdkSteeringTest, IcmpErrorsCrossToTheOwner) {
  start({.workers = 2});
  const net::LocalId theirs = bind({kOurV4, 50000}, 1, {.icmp_errors = true});
  FrameBytes frame = net::from_hex(
      "02000000000b02000000000a0800 4500003200000000 40010000 c0000202c0000201 0303000000000000"
      "4500001e0000000040110000 c0000201c0000202 c3500009000a0000 4142");
  net::store_be16(&frame[16], static_cast<std::uint16_t>(frame.size() - 14));
  net::mend_ipv4(frame);
  const std::uint16_t sum = net::complement(net::ones_sum({&frame[34], frame.size() - 34}));
  std::memcpy(&frame[36], &sum, 2);
  inject(frame);
  passes(2);
  std::array<IcmpError, 2> errors;
  EXPECT_EQ(port(0).take_icmp_errors(errors), 0U);
  ASSERT_EQ(port(1).take_icmp_errors(errors), 1U);
  EXPECT_EQ(errors[0].local, theirs);
  EXPECT_EQ(errors[0].remote, (net::Endpoint{kRemote.address, 9}));
}

// The clients of a shared endpoint may be any worker's. IPv6: no router on the way would cut for us.
TEST_F(DpdkSteeringTest, AllWorkersLearnThePathMtuOfASharedEndpointsClients) {
  start({.workers = 2});
  const std::array<net::LocalId, 2> shared{bind({kOurV6, 3478}, 0, {.shared = true}),
                                           bind({kOurV6, 3478}, 1, {.shared = true})};
  know_neighbours();
  const net::Endpoint far{*net::parse_address("2001:db8::2"), 9};
  // "Packet too big", 1280, quoting [2001:db8::1]:3478 -> [2001:db8::2]:9.
  FrameBytes frame = net::from_hex(
      "02000000000b02000000000a86dd 6000000000383a40 20010db8000000000000000000000002 20010db8000000000000000000000001"
      "0200000000000500 6000000005001140 20010db8000000000000000000000001 20010db8000000000000000000000002"
      "0d96000905000000");
  const std::uint32_t pseudo = net::pseudo_header_sum(far.address, kOurV6, 58, 56);
  const std::uint16_t sum = net::complement(net::ones_sum({&frame[54], 56}, pseudo));
  std::memcpy(&frame[56], &sum, 2);
  for (const std::uint16_t w : {std::uint16_t{0}, std::uint16_t{1}}) {
    transmit(shared[w], far, net::counting(0, 1300), 0, w);
    EXPECT_THAT(await_left(1), SizeIs(1));
  }
  inject(frame);
  passes(2);
  for (const std::uint16_t w : {std::uint16_t{0}, std::uint16_t{1}}) {
    transmit(shared[w], far, net::counting(0, 1300), 0, w);
    pass();
    EXPECT_THAT(left(), SizeIs(2)) << "worker " << w << " cuts what is too long";
  }
}

TEST_F(DpdkSteeringTest, PiecesMeetAtOneWorkerWhicheverQueuesTheyComeInBy) {
  start({.workers = 2, .queues = 2});
  const std::array<net::LocalId, 2> owners{bind({kOurV4, 50000}, 0), bind({kOurV4, 50001}, 1)};
  auto big = net::PacketPool::create("big-steering", 63, 9216, 0);
  ASSERT_TRUE(big);
  for (std::uint8_t source = 2; source < 12; ++source) {
    const net::Endpoint from{net::Address::v4(0xc0000200U + source), 9};
    for (const std::uint16_t to : {std::uint16_t{50000}, std::uint16_t{50001}}) {
      net::Packet* p = big->allocate();
      const FrameBytes f = datagram_frame(from, {kOurV4, to}, net::counting(source, 4000));
      std::memcpy(rte_pktmbuf_append(p, static_cast<std::uint16_t>(f.size())), f.data(), f.size());
      std::array<net::Packet*, 8> pieces;
      const auto n = fragment(p, 1500, 0, *pool_, pieces);
      net::free(p);
      ASSERT_TRUE(n);
      for (std::size_t i = 0; i < *n; ++i) inject(pieces[i], static_cast<std::uint16_t>(i % 2));
      passes(4);
      const auto all = take_delivered();
      ASSERT_THAT(all, SizeIs(1));
      EXPECT_EQ(all[0].worker, to - 50000);
      EXPECT_EQ(all[0].local, owners[all[0].worker]);
      EXPECT_EQ(all[0].payload, net::counting(source, 4000));
    }
  }
  EXPECT_GT(counters(0).reassembled.get(), 0U);
  EXPECT_GT(counters(1).reassembled.get(), 0U);
}

// Two real threads, one queue: relays everything back to where it came from, binding and unbinding meanwhile.
TEST_F(DpdkSteeringTest, WorkersRelayAtTheSameTime) {
  constexpr unsigned kRounds = 200, kPerRound = 16;
  start({.workers = 2});
  know_neighbours();
  std::atomic<bool> stop{false};
  std::atomic<unsigned> bound{0};
  const auto work = [&](std::uint16_t worker) {
    EXPECT_TRUE(port(worker).bind({kOurV4, 3478}, {.shared = true}));
    ++bound;
    net::Burst burst;
    std::uint16_t spare = static_cast<std::uint16_t>(50000 + worker);
    while (!stop) {
      port(worker).receive(burst);
      delivered_count_[worker] += burst.size;
      submitted_count_[worker] += burst.size;
      for (net::Packet* p : burst) net::info(p).path = port(worker).resolve(net::info(p).local, net::info(p).remote);
      const bool idle = burst.empty();
      port(worker).transmit(burst);
      if (const auto id = port(worker).bind({kOurV4, spare}, {})) port(worker).unbind(*id);
      if (idle) port(worker).wait(1'000'000);
    }
  };
  std::thread one(work, 0), two(work, 1);
  EXPECT_TRUE(eventually([&] { return bound == 2; }));
  unsigned returned = 0;
  for (unsigned round = 0; round < kRounds; ++round) {
    for (std::uint16_t client = 1; client <= kPerRound; ++client) {
      inject(datagram_frame({kRemote.address, client}, {kOurV4, 3478}, kWords));
    }
    EXPECT_TRUE(eventually([&] {
      returned += static_cast<unsigned>(left().size());
      return returned >= (round + 1) * kPerRound;
    })) << returned
        << " packets after round " << round;
    if (HasFailure()) break;
  }
  stop = true;
  one.join();
  two.join();
  EXPECT_EQ(returned, kRounds * kPerRound);
  EXPECT_GT(counters(0).handed_over.get(), 0U);
}

}  // namespace
}  // namespace penstock::port
