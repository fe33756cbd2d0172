// ChannelData from client to peer (RFC 8656 section 12.6).
#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;

class ChannelToPeerTest : public TurnTest {
 protected:
  void SetUp() override {
    relayed_ = ada.allocated();
    ASSERT_EQ(ada.bind(0x4001, kPeer).code(), 0);
  }
  net::Endpoint relayed_;
};

TEST_F(ChannelToPeerTest, ThePayloadLeavesFromTheRelayedAddress) {
  ada.send(channel_data(0x4001, payload("to the peer")), 0xb8);
  bed.run();
  const auto sent = bed.take(kPeer);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].datagram.bytes, payload("to the peer"));
  EXPECT_EQ(sent[0].datagram.local, relayed_);
  EXPECT_EQ(sent[0].datagram.tos, 0xb8);
  EXPECT_EQ(bed.stats().to_peer.packets.get(), 1U);
  EXPECT_EQ(bed.stats().to_peer.bytes.get(), 11U);
}

TEST_F(ChannelToPeerTest, EveryFormHasItsVerdict) {
  Payload padded = channel_data(0x4001, payload("abc"));
  padded.push_back(0);
  Payload overrun = channel_data(0x4001, payload("abc"));
  overrun[3] = 4;
  struct Row {
    const char* what;
    Payload datagram;
    std::vector<Payload> to_peer;
    std::optional<net::Drop> drop;
  };
  const std::vector<Row> rows = {
      {"padded", padded, {payload("abc")}, {}},
      {"empty", channel_data(0x4001, {}), {Payload{}}, {}},
      {"longer than the datagram", overrun, {}, net::Drop::malformed_channel_data},
      {"two bytes", {0x40, 0x01}, {}, net::Drop::not_turn},
      {"an unbound number", channel_data(0x4002, payload("abc")), {}, net::Drop::no_channel},
      {"a reserved number", channel_data(0x8001, payload("abc")), {}, net::Drop::not_turn},
      {"nothing at all", {}, {}, net::Drop::not_turn},
  };
  for (const Row& row : rows) {
    const std::uint64_t before = row.drop ? drops(*row.drop) : 0;
    ada.send(row.datagram);
    bed.run();
    EXPECT_EQ(sent_to(kPeer), row.to_peer) << row.what;
    if (row.drop) {
      EXPECT_EQ(drops(*row.drop), before + 1) << row.what;
    }
  }
}

TEST_F(ChannelToPeerTest, ATrainCrossesWhole) {
  Payload train;
  for (std::uint8_t i = 0; i < 10; ++i) {
    const Payload one = channel_data(0x4001, payload(i == 9 ? 50U : 100U, i));
    train.insert(train.end(), one.begin(), one.end());
  }
  ASSERT_TRUE(bed.inject_train(0, kListen4, kAda, train, 104));
  bed.run();
  const auto got = sent_to(kPeer);
  ASSERT_EQ(got.size(), 10U);
  for (std::uint8_t i = 0; i < 10; ++i) EXPECT_EQ(got[i], payload(i == 9 ? 50U : 100U, i));
}

TEST_F(ChannelToPeerTest, AnotherChannelWithinATrainGoesItsOwnWay) {
  ASSERT_EQ(ada.bind(0x4002, kOtherPeer).code(), 0);
  Payload train = channel_data(0x4001, payload("one"));
  for (const auto& more : {channel_data(0x4002, payload("two")), channel_data(0x4003, payload("3!!")),
                           channel_data(0x4001, payload("for"))}) {
    train.insert(train.end(), more.begin(), more.end());
  }
  ASSERT_TRUE(bed.inject_train(0, kListen4, kAda, train, 7));
  bed.run();
  EXPECT_EQ(sent_to(kPeer), (std::vector<Payload>{payload("one"), payload("for")}));
  EXPECT_EQ(sent_to(kOtherPeer), std::vector<Payload>{payload("two")});
  EXPECT_EQ(drops(net::Drop::no_channel), 1U);
}

TEST_F(ChannelToPeerTest, WithoutAllocationNothingPasses) {
  bed.inject(0, kListen4, kBob, channel_data(0x4001, payload("x")));
  bed.run();
  EXPECT_EQ(drops(net::Drop::no_allocation), 1U);
  ASSERT_EQ(ada.refresh(0).code(), 0);
  ada.send(channel_data(0x4001, payload("x")));
  bed.run();
  EXPECT_EQ(drops(net::Drop::no_allocation), 2U);
}

TEST_F(ChannelToPeerTest, WithinOneBurstTheRefreshThatEndsItComesFirst) {
  ada.send(ada.signed_request(stun::Method::refresh, [](stun::MessageBuilder& b) { b.lifetime(0); }, ada.next_id()));
  ada.send(channel_data(0x4001, payload("too late")));
  bed.inject(0, relayed_, kPeer, payload("too late"));
  bed.run();
  EXPECT_TRUE(bed.take(kPeer).empty());
  EXPECT_EQ(ada.received().size(), 1U);  // the answer
  EXPECT_EQ(drops(net::Drop::no_allocation), 1U);
  EXPECT_EQ(drops(net::Drop::no_flow), 1U);
}

TEST_F(ChannelToPeerTest, AnExpiredChannelIsNone) {
  bed.advance(400 * kSecond);
  ASSERT_EQ(ada.refresh(3600).code(), 0);
  bed.advance(201 * kSecond);
  ada.send(channel_data(0x4001, payload("x")));
  bed.run();
  EXPECT_EQ(drops(net::Drop::no_channel), 1U);
}

}  // namespace
}  // namespace penstock::turn
