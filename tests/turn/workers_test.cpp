// Two workers of one server: what one asks of the other.
#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;
using stun::MessageBuilder;

BedOptions two_workers() {
  BedOptions options;
  options.workers = 2;
  options.settings.user_limits.allocations = 3;
  return options;
}

class WorkersTest : public TurnTest {
 protected:
  WorkersTest() : TurnTest(two_workers()) {}
  Client client(std::uint16_t port, std::uint16_t worker, const char* user = "ada") {
    return {bed, {kAda.address, port}, worker, user};
  }
};

TEST_F(WorkersTest, AUserIsCountedInOnePlaceWhereverItsClientsAre) {
  Client a = client(1, 0), b = client(2, 1), c = client(3, 0), d = client(4, 1);
  EXPECT_EQ(a.allocate().code(), 0);
  EXPECT_EQ(b.allocate().code(), 0);
  EXPECT_EQ(c.allocate().code(), 0);
  EXPECT_EQ(d.allocate().code(), 486);
  Client e = client(5, 0);
  EXPECT_EQ(e.allocate().code(), 486);
  EXPECT_EQ(b.refresh(0).code(), 0);
  EXPECT_EQ(e.allocate().code(), 0);
  EXPECT_EQ(bed.stats(0).users.get() + bed.stats(1).users.get(), 1U);
}

TEST_F(WorkersTest, ARetransmissionWhileTheAnswerIsAwaitedIsDroppedAndTheAnswerComesOnce) {
  Client a = client(1, 0), b = client(2, 1);
  for (Client* c : {&a, &b}) {
    c->exchange(c->plain(stun::Method::allocate, requested_transport, c->next_id()));
    const Payload request = c->signed_request(stun::Method::allocate, requested_transport, c->next_id());
    c->send(request);
    c->send(request);
    bed.run();
    EXPECT_EQ(c->received().size() + bed.drops(net::Drop::request_pending, c == &a ? 0 : 1), 2U);
  }
  // ada's home is one of the two, everybody's is worker 0: at least worker 1 had to ask.
  EXPECT_EQ(bed.drops(net::Drop::request_pending, 1), 1U);
  EXPECT_EQ(bed.stats(0).allocations.get() + bed.stats(1).allocations.get(), 2U);
}

TEST_F(WorkersTest, AReservationIsClaimedOnTheOtherWorker) {
  Client a = client(1, 0), b = client(2, 1, "bob");
  const Reply reply = a.allocate([](MessageBuilder& m) { m.even_port(true); });
  const auto token = stun::reservation_token(reply.view());
  ASSERT_TRUE(token);
  const net::Endpoint odd{reply.relayed()[0].address, static_cast<std::uint16_t>(reply.relayed()[0].port + 1)};
  const Reply claimed = b.allocate([&](MessageBuilder& m) { m.reservation_token(*token); });
  ASSERT_EQ(claimed.code(), 0);
  EXPECT_EQ(claimed.relayed()[0], odd);
  EXPECT_EQ(bed.worker_of(odd), 1);
  EXPECT_EQ(bed.shared().directory.owner(*bed.shared().directory.find(odd)), 1);

  ASSERT_EQ(b.permit({kPeer}).code(), 0);
  from_peer(odd, kPeer, payload("x"));
  EXPECT_EQ(b.received_data().size(), 1U);
  Client c = client(3, 1);
  EXPECT_EQ(c.allocate([&](MessageBuilder& m) { m.reservation_token(*token); }).code(), 508);
  ASSERT_EQ(b.refresh(0).code(), 0);
  EXPECT_EQ(bed.shared().directory.owner(*bed.shared().directory.find(odd)), RelayDirectory::kFree);
}

TEST(PortSlices, PortsComeFromTheWorkersSliceAndThenFromTheOther) {
  BedOptions options = two_workers();
  options.fixed.port_min = 20000;
  options.fixed.port_max = 20007;
  options.settings.user_limits.allocations = 0;
  TestBed small(options);
  std::vector<std::uint16_t> ports;
  for (std::uint16_t i = 0; i < 8; ++i) {
    Client c(small, {kAda.address, static_cast<std::uint16_t>(100 + i)}, 1);
    ports.push_back(c.allocated().port);
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_GE(ports[i], 20004);
  for (std::size_t i = 4; i < 8; ++i) EXPECT_LT(ports[i], 20004);
  Client last(small, {kAda.address, 200}, 0);
  EXPECT_EQ(last.allocate().code(), 508);
  EXPECT_EQ(small.equation_error(), "");
}

TEST(Records, EndedAllocationsAreReleasedThoughRecordsAreNotTaken) {
  BedOptions options = two_workers();
  options.record_lane = 1;
  TestBed tight(options);
  for (int round = 0; round < 4; ++round) {
    std::vector<Client> clients;
    for (std::uint16_t i = 0; i < 3; ++i) {
      clients.emplace_back(tight, net::Endpoint{kAda.address, static_cast<std::uint16_t>(round * 10 + i + 1)},
                           static_cast<std::uint16_t>(i % 2));
    }
    for (Client& c : clients) ASSERT_EQ(c.allocate().code(), 0);
    for (Client& c : clients) ASSERT_EQ(c.refresh(0).code(), 0);
  }
  std::size_t records = 0;
  for (int i = 0; i < 40; ++i) {
    records += tight.records(0).size() + tight.records(1).size();
    tight.run();
  }
  EXPECT_EQ(records, 12U);
  EXPECT_EQ(tight.stats(0).allocations_draining.get() + tight.stats(1).allocations_draining.get(), 0U);
}

}  // namespace
}  // namespace penstock::turn
