// Datagrams from peers: in a channel (RFC 8656 section 12.7), in a Data indication (section 11.3), or not at all.
#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;

class PeerToClientTest : public TurnTest {
 protected:
  void SetUp() override {
    relayed_ = ada.allocate([](stun::MessageBuilder& b) { b.additional_address_family(net::Family::v6); }).relayed();
    ASSERT_EQ(relayed_.size(), 2U);
  }
  std::vector<net::Endpoint> relayed_;
};

TEST_F(PeerToClientTest, AChannelPutsFourBytesInFront) {
  ASSERT_EQ(ada.bind(0x4001, kPeer).code(), 0);
  from_peer(relayed_[0], kPeer, payload("hello"), 0x2e);
  auto sent = bed.take(kAda);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].datagram.bytes, channel_data(0x4001, payload("hello")));
  EXPECT_EQ(sent[0].datagram.local, kListen4);
  EXPECT_EQ(sent[0].datagram.tos, 0x2e);
  EXPECT_EQ(bed.stats().to_client.bytes.get(), 5U);
}

TEST_F(PeerToClientTest, ADataIndicationNamesThePeerAndCarriesNothingElse) {
  ASSERT_EQ(ada.permit({kPeer, kPeer6}).code(), 0);
  for (std::size_t size = 0; size < 9; ++size) {
    for (const bool v6 : {false, true}) {
      const net::Endpoint peer = v6 ? kPeer6 : kPeer;
      from_peer(relayed_[v6], peer, payload(size, 7));
      const auto received = ada.received();
      ASSERT_EQ(received.size(), 1U);
      EXPECT_EQ(received[0].size(), (v6 ? 48U : 36U) + (size + 3) / 4 * 4);
      const auto message = stun::MessageView::parse(received[0]);
      ASSERT_TRUE(message);
      EXPECT_TRUE(message->is(stun::Method::data, stun::Class::indication));
      EXPECT_EQ(stun::xor_peer_address(*message), peer);
      EXPECT_THAT(stun::data(*message).value(), testing::ElementsAreArray(payload(size, 7)));
    }
  }
}

TEST_F(PeerToClientTest, OnlyPeersWithPermissionAreHeard) {
  from_peer(relayed_[0], kPeer, payload("x"));
  EXPECT_EQ(drops(net::Drop::peer_no_permission), 1U);
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  from_peer(relayed_[0], kOtherPeer, payload("x"));
  EXPECT_EQ(drops(net::Drop::peer_no_permission), 2U);
  from_peer(relayed_[0], {kPeer.address, 1}, payload("any port of a permitted address"));
  EXPECT_EQ(ada.received_data().size(), 1U);
}

TEST_F(PeerToClientTest, ATrainKeepsItsOrder) {
  ASSERT_EQ(ada.bind(0x4001, kPeer).code(), 0);
  Payload train;
  for (std::uint8_t i = 0; i < 8; ++i) train.insert(train.end(), 100, i);
  for (const bool channel : {true, false}) {
    const net::Endpoint peer = channel ? kPeer : net::Endpoint{kPeer.address, 77};
    ASSERT_TRUE(bed.inject_train(0, relayed_[0], peer, train, 100));
    bed.run();
    std::vector<Payload> expected;
    std::vector<Payload> got;
    if (channel) {
      got = ada.received();
      for (Payload& bytes : got) bytes.erase(bytes.begin(), bytes.begin() + 4);
    } else {
      for (Data& data : ada.received_data()) got.push_back(data.data);
    }
    for (std::uint8_t i = 0; i < 8; ++i) expected.push_back(payload(100, i));
    EXPECT_EQ(got, expected);
  }
}

TEST_F(PeerToClientTest, WhatWouldNotFitADatagramIsDropped) {
  ASSERT_EQ(ada.bind(0x4001, kPeer).code(), 0);
  from_peer(relayed_[0], kPeer, payload(65504));
  EXPECT_EQ(drops(net::Drop::too_long), 1U);
  from_peer(relayed_[0], kPeer, payload(65503));
  EXPECT_EQ(ada.received().size(), 1U);
}

TEST_F(PeerToClientTest, IcmpErrorsReachTheClientWhenThePeerHasPermission) {
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  const net::LocalId local = bed.port().find(relayed_[0]);
  bed.port().inject_icmp_error({local, kPeer, 3, 4, 1400});
  bed.port().inject_icmp_error({local, kOtherPeer, 3, 3, 0});  // no permission
  bed.port().inject_icmp_error({local, kPeer, 8, 0, 0});       // not an error the RFC passes on
  bed.run();
  const auto received = ada.received();
  ASSERT_EQ(received.size(), 1U);
  const auto message = stun::MessageView::parse(received[0]).value();
  EXPECT_TRUE(message.is(stun::Method::data, stun::Class::indication));
  EXPECT_EQ(stun::xor_peer_address(message), kPeer);
  EXPECT_EQ(stun::icmp(message), (stun::Icmp{3, 4, 1400}));
  EXPECT_FALSE(message.has(stun::AttributeType::data));
  EXPECT_EQ(bed.stats().icmp_indications.get(), 1U);
}

}  // namespace
}  // namespace penstock::turn
