// ChannelBind (RFC 8656 section 12).
#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;
using stun::MessageBuilder;

using ChannelBindTest = TurnTest;

TEST_F(ChannelBindTest, RefusesWhatItMust) {
  EXPECT_EQ(ada.bind(0x4000, kPeer).code(), 437);
  ada.allocated();
  EXPECT_EQ(ada.bind(0x3fff, kPeer).code(), 400);
  EXPECT_EQ(ada.bind(0x8000, kPeer).code(), 400);
  EXPECT_EQ(ada.bind(0x4000, {kPeer.address, 0}).code(), 400);
  EXPECT_EQ(ada.bind(0x4000, kDenied).code(), 403);
  EXPECT_EQ(ada.bind(0x4000, kPeer6).code(), 443);
  EXPECT_EQ(ada.ask(stun::Method::channel_bind, [](MessageBuilder& b) { b.channel_number(0x4000); }).code(), 400);
  EXPECT_EQ(ada.ask(stun::Method::channel_bind, [](MessageBuilder& b) { b.xor_peer_address(kPeer); }).code(), 400);
  Client bob(bed, kAda, 0, "bob");
  EXPECT_EQ(bob.bind(0x4000, kPeer).code(), 441);
  EXPECT_EQ(bed.stats().channels.get(), 0U);
  EXPECT_EQ(bed.stats().permissions.get(), 0U);
}

TEST_F(ChannelBindTest, BindsNumberAndPeerToEachOther) {
  ada.allocated();
  EXPECT_EQ(ada.bind(0x4000, kPeer).code(), 0);
  EXPECT_EQ(ada.bind(0x4000, kPeer).code(), 0);
  EXPECT_EQ(ada.bind(0x4000, kOtherPeer).code(), 400);
  EXPECT_EQ(ada.bind(0x4001, kPeer).code(), 400);
  EXPECT_EQ(ada.bind(0x4001, {kPeer.address, 5001}).code(), 0);
  EXPECT_EQ(ada.bind(0x7fff, kOtherPeer).code(), 0);  // as RFC 5766 clients may
  EXPECT_EQ(bed.stats().channels.get(), 3U);
  EXPECT_EQ(bed.stats().permissions.get(), 2U);
}

TEST_F(ChannelBindTest, LastsTenMinutesAndCanThenBeBoundAnew) {
  ada.allocated();
  ASSERT_EQ(ada.bind(0x4000, kPeer).code(), 0);
  bed.advance(590 * kSecond);
  ASSERT_EQ(ada.refresh(3600).code(), 0);
  EXPECT_EQ(ada.bind(0x4000, kOtherPeer).code(), 400);
  bed.advance(11 * kSecond);
  EXPECT_EQ(ada.bind(0x4000, kOtherPeer).code(), 0);
  EXPECT_EQ(ada.bind(0x4001, kPeer).code(), 0);
}

TEST_F(ChannelBindTest, AChannelLetsItsPeerThroughForAsLongAsItIsBound) {
  const net::Endpoint relayed = ada.allocated();
  ASSERT_EQ(ada.bind(0x4000, kPeer).code(), 0);
  bed.advance(400 * kSecond);  // the permission has lapsed; aioice renews channels alone, every 500 s
  from_peer(relayed, kPeer, payload("hello"));
  EXPECT_EQ(ada.received(), std::vector<Payload>{channel_data(0x4000, payload("hello"))});
  from_peer(relayed, {kPeer.address, 9}, payload("another port has no permission"));
  EXPECT_EQ(drops(net::Drop::peer_no_permission), 1U);
}

class ChannelLimitTest : public TurnTest {
 protected:
  ChannelLimitTest() : TurnTest(limited()) {}
  static BedOptions limited() {
    BedOptions options;
    options.settings.allocation_limits.channels = 2;
    return options;
  }
};

TEST_F(ChannelLimitTest, AnAllocationHasOnlySoMany) {
  ada.allocated();
  EXPECT_EQ(ada.bind(0x4000, {kPeer.address, 1}).code(), 0);
  EXPECT_EQ(ada.bind(0x4001, {kPeer.address, 2}).code(), 0);
  EXPECT_EQ(ada.bind(0x4002, kOtherPeer).code(), 508);
  EXPECT_EQ(bed.stats().permissions.get(), 1U);  // the refused one left nothing behind
  EXPECT_EQ(ada.bind(0x4001, {kPeer.address, 2}).code(), 0);
}

}  // namespace
}  // namespace penstock::turn
