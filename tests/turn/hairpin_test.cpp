// Two allocations of one server that are each other's peers: packets stay inside the process.
#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;

struct Case {
  std::uint16_t workers;
  std::uint16_t bobs_worker;
  bool nat;
};

class HairpinTest : public testing::TestWithParam<Case> {
 protected:
  static BedOptions options() {
    BedOptions options;
    options.workers = GetParam().workers;
    if (GetParam().nat) options.fixed.relay_addresses[0].advertised = net::Address::v4(0xcb007163);
    return options;
  }
  void TearDown() override {
    EXPECT_EQ(bed.equation_error(), "");
    for (const Sent& s : bed.sent()) EXPECT_NE(s.datagram.local.address, kRelay4) << "left by a relayed socket";
  }
  TestBed bed{options()};
  Client ada{bed, kAda, 0, "ada"};
  Client bob{bed, kBob, GetParam().bobs_worker, "bob"};
  net::Endpoint at_ada = ada.allocated();
  net::Endpoint at_bob = bob.allocated();
};

TEST_P(HairpinTest, ChannelToChannel) {
  ASSERT_EQ(ada.bind(0x4001, at_bob).code(), 0);
  ASSERT_EQ(bob.bind(0x4002, at_ada).code(), 0);
  ada.send(channel_data(0x4001, payload("ping")), 0x2e);
  bed.run();
  const auto sent = bed.take(kBob);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].datagram.bytes, channel_data(0x4002, payload("ping")));
  EXPECT_EQ(sent[0].datagram.tos, 0x2e);
  bob.send(channel_data(0x4002, payload("pong")));
  bed.run();
  EXPECT_EQ(ada.received(), std::vector<Payload>{channel_data(0x4001, payload("pong"))});
}

TEST_P(HairpinTest, SendToData) {
  ASSERT_EQ(ada.permit({at_bob}).code(), 0);
  ASSERT_EQ(bob.permit({at_ada}).code(), 0);
  ada.send(ada.send_indication(at_bob, payload("ping")));
  bed.run();
  const auto data = bob.received_data();
  ASSERT_EQ(data.size(), 1U);
  EXPECT_EQ(data[0].peer, at_ada);
  EXPECT_EQ(data[0].data, payload("ping"));
}

TEST_P(HairpinTest, ATrainCrossesWhole) {
  ASSERT_EQ(ada.bind(0x4001, at_bob).code(), 0);
  ASSERT_EQ(bob.permit({at_ada}).code(), 0);
  Payload train;
  for (std::uint8_t i = 0; i < 5; ++i) {
    const Payload one = channel_data(0x4001, payload(100, i));
    train.insert(train.end(), one.begin(), one.end());
  }
  ASSERT_TRUE(bed.inject_train(0, kListen4, kAda, train, 104));
  bed.run();
  const auto data = bob.received_data();
  ASSERT_EQ(data.size(), 5U);
  for (std::uint8_t i = 0; i < 5; ++i) EXPECT_EQ(data[i].data, payload(100, i));
}

TEST_P(HairpinTest, TheReceiverMustPermitTheSender) {
  ASSERT_EQ(ada.permit({at_bob}).code(), 0);
  ada.send(ada.send_indication(at_bob, payload("ping")));
  bed.run();
  EXPECT_TRUE(bob.received().empty());
  EXPECT_EQ(bed.drops(net::Drop::peer_no_permission, GetParam().bobs_worker), 1U);
}

TEST_P(HairpinTest, APortNobodyHasIsNotReachedByASocketEither) {
  ASSERT_EQ(ada.permit({at_bob}).code(), 0);
  ASSERT_EQ(bob.refresh(0).code(), 0);
  ada.send(ada.send_indication(at_bob, payload("ping")));
  ada.send(ada.send_indication({at_bob.address, 22}, payload("ssh?")));
  bed.run();
  EXPECT_EQ(bed.drops(net::Drop::peer_denied), 2U);
}

INSTANTIATE_TEST_SUITE_P(WhereBobIs, HairpinTest,
                         testing::Values(Case{1, 0, false}, Case{1, 0, true}, Case{2, 1, false}, Case{2, 1, true}));

// Which of two relay addresses the peer's port is on shows only once somebody has it.
TEST(HairpinOfSeveralAdvertisedAsOne, AChannelBoundBeforeThePeerAllocatesFindsIt) {
  const net::Address outside = net::Address::v4(0xcb007163);
  BedOptions options;
  options.fixed.relay_addresses = {{kRelay4, outside}, {net::Address::v4(0xcb007102), outside}};
  options.fixed.port_min = 20000;
  options.fixed.port_max = 20001;
  TestBed bed(options);
  Client ada(bed, kAda);
  const net::Endpoint at_ada = ada.allocated();
  const net::Endpoint other{outside, static_cast<std::uint16_t>(at_ada.port ^ 1)};
  const auto is_on_first = [&] { return bed.shared().directory.owner({other.port, 0}) != RelayDirectory::kFree; };
  ASSERT_EQ(ada.bind(0x4001, other).code(), 0);
  for (std::uint16_t port = 42000; port < 42100; ++port) {
    Client bob(bed, {kBob.address, port}, 0, "bob");
    if (bob.allocated() != other || !is_on_first()) {
      ASSERT_EQ(bob.refresh(0).code(), 0);
      continue;
    }
    ASSERT_EQ(bob.permit({at_ada}).code(), 0);
    ada.send(channel_data(0x4001, payload("x")));
    bed.run();
    EXPECT_EQ(bob.received_data().size(), 1U);
    return;
  }
  FAIL() << "in a hundred tries nobody was given the first address";
}

}  // namespace
}  // namespace penstock::turn
