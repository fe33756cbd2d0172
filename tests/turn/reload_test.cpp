// New settings, rates, drains: what operators do while clients are connected.
#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;

class ReloadTest : public TurnTest {
 protected:
  Settings settings() { return bed.options().settings; }
};

TEST_F(ReloadTest, APeerThatIsDeniedNowLosesItsPermissionsAndChannels) {
  const net::Endpoint relayed = ada.allocated();
  ASSERT_EQ(ada.bind(0x4001, kPeer).code(), 0);
  ASSERT_EQ(ada.permit({kOtherPeer}).code(), 0);
  Settings changed = settings();
  changed.peers = {{{kPeer.address, 128}, false}};
  bed.reload(changed);
  EXPECT_EQ(bed.service().settings_generation(), 1U);
  EXPECT_EQ(bed.stats().permissions.get(), 1U);
  EXPECT_EQ(bed.stats().channels.get(), 0U);
  EXPECT_EQ(bed.stats().permissions_revoked.get(), 1U);
  ada.send(channel_data(0x4001, payload("x")));
  from_peer(relayed, kPeer, payload("x"));
  EXPECT_TRUE(bed.take(kPeer).empty());
  EXPECT_TRUE(ada.received().empty());
  EXPECT_EQ(ada.permit({kPeer}).code(), 403);
  from_peer(relayed, kOtherPeer, payload("x"));
  EXPECT_EQ(ada.received_data().size(), 1U);
}

TEST_F(ReloadTest, AUserWhoIsGoneKeepsTheAllocationUntilItExpires) {
  const net::Endpoint relayed = ada.allocated();
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  Client bob(bed, kBob, 0, "bob");
  bob.allocated();
  Settings changed = settings();
  changed.users = {{"bob", "secret"}};
  bed.reload(changed);
  from_peer(relayed, kPeer, payload("x"));
  EXPECT_EQ(ada.received_data().size(), 1U);
  EXPECT_EQ(ada.refresh(600).code(), 401);
  EXPECT_EQ(bob.refresh(0).code(), 0);
  bob.allocated();
  bed.advance(601 * kSecond);
  const auto records = bed.records();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].reason, EndReason::refresh_zero);
  for (const EndedRecord& record : {records[1], records[2]}) {
    EXPECT_EQ(record.reason, record.user_name() == "ada" ? EndReason::revoked : EndReason::expired);
  }
  EXPECT_EQ(bed.stats().ended[static_cast<std::size_t>(EndReason::revoked)].get(), 1U);
}

TEST_F(ReloadTest, AThousandUsersMeetNewLimitsWithTheirNextPackets) {
  ada.allocated();
  ASSERT_EQ(ada.bind(0x4001, kPeer).code(), 0);
  for (const std::uint64_t packets_per_s : {20, 0, 20}) {
    Settings limited = settings();
    limited.user_limits.to_peer_packets_per_s = packets_per_s;
    bed.reload(limited);
  }
  for (int i = 0; i < 200; ++i) ada.send(channel_data(0x4001, payload("x")));
  bed.run();
  EXPECT_LE(bed.take(kPeer).size(), 20U);
  EXPECT_GT(drops(net::Drop::client_rate_limited), 100U);
}

TEST_F(ReloadTest, RatesHoldPerDirectionAndCanBeLifted) {
  const net::Endpoint relayed = ada.allocated();
  ASSERT_EQ(ada.bind(0x4001, kPeer).code(), 0);
  Settings limited = settings();
  limited.user_limits.to_peer_packets_per_s = 20;
  bed.reload(limited);
  const auto flood = [&] {
    for (int i = 0; i < 200; ++i) {
      ada.send(channel_data(0x4001, payload("x")));
      bed.inject(0, relayed, kPeer, payload("x"));
      bed.advance(kSecond / 100);
    }
    return std::pair(bed.take(kPeer).size(), ada.received().size());
  };
  const auto [to_peer, to_client] = flood();
  EXPECT_EQ(to_client, 200U);
  EXPECT_GE(to_peer, 38U);
  EXPECT_LE(to_peer, 70U);
  EXPECT_EQ(drops(net::Drop::client_rate_limited), 200U - to_peer);
  bed.reload(settings());
  EXPECT_EQ(flood(), (std::pair<std::size_t, std::size_t>(200, 200)));
}

TEST_F(ReloadTest, ADrainServesWhoIsThereAndTurnsNewcomersAway) {
  const net::Endpoint relayed = ada.allocated();
  bed.tell(MessageKind::begin_drain);
  Client bob(bed, kBob, 0, "bob");
  EXPECT_EQ(bob.allocate().code(), 508);
  EXPECT_EQ(ada.refresh(600).code(), 0);
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  from_peer(relayed, kPeer, payload("x"));
  EXPECT_EQ(ada.received_data().size(), 1U);
  bed.tell(MessageKind::end_drain);
  EXPECT_EQ(bed.stats().allocations.get(), 0U);
  EXPECT_FALSE(bed.worker_of(relayed));
  const auto records = bed.records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].reason, EndReason::drained);
  EXPECT_EQ(records[0].to_client.packets, 1U);
}

}  // namespace
}  // namespace penstock::turn
