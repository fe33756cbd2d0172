// Send indications (RFC 8656 section 11).
#include "tests/turn/fixture.h"
#include "turn/send_indication.h"

namespace penstock::turn {
namespace {

using namespace test;
using stun::MessageBuilder;

class SendToPeerTest : public TurnTest {
 protected:
  void SetUp() override { relayed_ = ada.allocated(); }
  Payload indication(const Client::Fill& fill, stun::Method method = stun::Method::send,
                     stun::Class message_class = stun::Class::indication) {
    Payload bytes(512);
    MessageBuilder builder(bytes, method, message_class, ada.next_id());
    fill(builder);
    bytes.resize(builder.finish().value());
    return bytes;
  }
  net::Endpoint relayed_;
};

TEST_F(SendToPeerTest, TheDataLeavesFromTheRelayedAddress) {
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  for (std::size_t size = 0; size < 9; ++size) {
    ada.send(ada.send_indication(kPeer, payload(size, 3)), 0x68);
    bed.run();
    const auto sent = bed.take(kPeer);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].datagram.bytes, payload(size, 3));
    EXPECT_EQ(sent[0].datagram.local, relayed_);
    EXPECT_EQ(sent[0].datagram.tos, 0x68);
    EXPECT_FALSE(sent[0].datagram.dont_fragment);
  }
}

TEST_F(SendToPeerTest, DontFragmentIsPassedOn) {
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  ada.send(ada.send_indication(kPeer, payload("x"), true));
  bed.run();
  const auto sent = bed.take(kPeer);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(sent[0].datagram.dont_fragment);
}

TEST_F(SendToPeerTest, WhatIsNotGoodIsDroppedByName) {
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  const auto data = payload("x");
  Payload cut = ada.send_indication(kPeer, data);
  cut.resize(cut.size() - 4);
  Payload overrun = ada.send_indication(kPeer, data);
  overrun[overrun.size() - 5] = 200;  // DATA's length
  struct Row {
    const char* what;
    Payload datagram;
    net::Drop drop;
  };
  const std::vector<Row> rows = {
      {"no permission", ada.send_indication(kOtherPeer, data), net::Drop::no_permission},
      {"wrong family", ada.send_indication(kPeer6, data), net::Drop::wrong_family},
      {"no data", indication([](MessageBuilder& b) { b.xor_peer_address(kPeer); }), net::Drop::bad_indication},
      {"no peer", indication([&](MessageBuilder& b) { b.data(data); }), net::Drop::bad_indication},
      {"port 0", ada.send_indication({kPeer.address, 0}, data), net::Drop::bad_indication},
      {"short peer",
       indication([&](MessageBuilder& b) { b.attribute(0x0012, std::array<std::uint8_t, 4>{}).data(data); }),
       net::Drop::bad_indication},
      {"unknown attribute",
       indication([&](MessageBuilder& b) { b.attribute(0x0077, {}).xor_peer_address(kPeer).data(data); }),
       net::Drop::unknown_attribute},
      {"length that does not match", cut, net::Drop::malformed_stun},
      {"attribute past the end", overrun, net::Drop::malformed_stun},
      {"a Data indication",
       indication([&](MessageBuilder& b) { b.xor_peer_address(kPeer).data(data); }, stun::Method::data),
       net::Drop::bad_indication},
      {"a response", indication([](MessageBuilder&) {}, stun::Method::binding, stun::Class::success),
       net::Drop::stray_response},
      {"a request nobody knows",
       indication([](MessageBuilder&) {}, static_cast<stun::Method>(0x0aa), stun::Class::request),
       net::Drop::unknown_method},
  };
  for (const Row& row : rows) {
    const std::uint64_t before = drops(row.drop);
    ada.send(row.datagram);
    bed.run();
    EXPECT_EQ(drops(row.drop), before + 1) << row.what;
    EXPECT_TRUE(bed.sent().empty()) << row.what;
  }
}

TEST_F(SendToPeerTest, ABindingIndicationIsReadAndThatIsAll) {
  ada.send(indication([](MessageBuilder&) {}, stun::Method::binding));
  bed.run();
  EXPECT_TRUE(bed.sent().empty());
  EXPECT_EQ(bed.all_drops(), 0U);
}

TEST_F(SendToPeerTest, TheFirstOfEachAttributeCountsAndUnknownOptionalOnesAreIgnored) {
  const Payload bytes = indication([&](MessageBuilder& b) {
    b.attribute(0x8077, payload("?")).xor_peer_address(kPeer).xor_peer_address(kOtherPeer);
    b.data(payload("one")).data(payload("two"));
  });
  const auto send = parse_send_indication(bytes);
  ASSERT_TRUE(send);
  EXPECT_EQ(send->peer, kPeer);
  EXPECT_THAT(send->data, testing::ElementsAreArray(payload("one")));
}

}  // namespace
}  // namespace penstock::turn
