// Binding (RFC 8489), and answers that anybody can provoke.
#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;

using BindingTest = TurnTest;

TEST_F(BindingTest, SaysWhereTheClientIsSeen) {
  for (const net::Endpoint& from : {kAda, kPeer6}) {
    Client client(bed, from);
    const Reply reply = client.exchange(client.plain(stun::Method::binding, {}, client.next_id()));
    ASSERT_EQ(reply.code(), 0);
    EXPECT_EQ(stun::xor_mapped_address(reply.view()), from);
    EXPECT_FALSE(reply.view().has(stun::AttributeType::fingerprint));
  }
}

TEST_F(BindingTest, AFingerprintIsAnsweredByOne) {
  const Reply reply =
      ada.exchange(ada.plain(stun::Method::binding, [](stun::MessageBuilder& b) { b.fingerprint(); }, ada.next_id()));
  EXPECT_TRUE(reply.view().has(stun::AttributeType::fingerprint));
}

TEST_F(BindingTest, AWrongFingerprintIsNoStun) {
  Payload request = ada.plain(stun::Method::binding, [](stun::MessageBuilder& b) { b.fingerprint(); }, ada.next_id());
  request.back() ^= 1;
  EXPECT_FALSE(ada.exchange(request));
  EXPECT_EQ(drops(net::Drop::malformed_stun), 1U);
}

class AnswerRateTest : public TurnTest {
 protected:
  AnswerRateTest() : TurnTest(limited()) {}
  static BedOptions limited() {
    BedOptions options;
    options.settings.answer_rates = {.per_v4_address_per_s = 1, .per_v6_network_per_s = 1, .burst_s = 1};
    return options;
  }
};

TEST_F(AnswerRateTest, ASourceIsAnsweredOnlySoOften) {
  for (int i = 0; i < 20; ++i) ada.send(ada.plain(stun::Method::binding, {}, ada.next_id()));
  bed.run();
  EXPECT_LE(bed.sent().size(), 10U);
  EXPECT_GE(bed.sent().size(), 1U);
  EXPECT_EQ(drops(net::Drop::answer_rate_limited), 20U - bed.sent().size());
}

TEST_F(AnswerRateTest, AForgedNonceIsAnsweredOnlySoOftenWhateverThePassword) {
  ada.nonce = "obMatJos2AAAAforgedforgd";
  for (int i = 0; i < 30; ++i) ada.send(ada.signed_request(stun::Method::allocate, requested_transport, ada.next_id()));
  bed.run();
  EXPECT_GE(bed.sent().size(), 1U);
  EXPECT_LE(bed.sent().size(), 10U);
  EXPECT_EQ(drops(net::Drop::answer_rate_limited), 30U - bed.sent().size());
  EXPECT_EQ(bed.stats().nonces_stale.get(), bed.sent().size());
  Client other(bed, kBob);
  EXPECT_EQ(other.allocate().code(), 0);
}

class LongSoftwareTest : public TurnTest {
 protected:
  LongSoftwareTest() : TurnTest(talkative()) {}
  static BedOptions talkative() {
    BedOptions options;
    options.settings.software = std::string(500, 's');
    return options;
  }
};

TEST_F(LongSoftwareTest, AFloodIsAnsweredWithLessThanItSentHoweverLongTheAnswer) {
  std::size_t received = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    Client client(bed, {net::Address::v4(0x0a000000 + i), 5000});
    const Payload request = client.plain(stun::Method::binding, {}, client.next_id());
    received += request.size();
    client.send(request);
    if (i % 100 == 99) bed.run();
  }
  std::size_t sent = 0;
  for (const Sent& s : bed.sent()) sent += s.datagram.bytes.size();
  EXPECT_GT(sent, 0U);
  EXPECT_LT(sent, received);
}

TEST_F(AnswerRateTest, AnAuthenticatedClientIsNotLimited) {
  ASSERT_EQ(ada.allocate().code(), 0);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(ada.refresh(600).code(), 0);
}

}  // namespace
}  // namespace penstock::turn
