// What an association does before, after and beside its handshake: waiting, lingering, goodbyes, limits, garbage.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/dtls_bench.h"

namespace penstock::control::dtls::testing {
namespace {

using namespace std::chrono_literals;

class DtlsAssociation : public ::testing::Test {
 protected:
  std::uint64_t count(Fate fate) const { return bench_.counters.of(fate).get(); }
  std::uint64_t sessions() const { return bench_.counters.sessions.get(); }
  void secure() {
    bench_.add(peer_);
    peer_.begin();
    ASSERT_TRUE(bench_.shake_hands(peer_)) << peer_.error();
  }
  /// Everything the peer sent since, to us.
  void deliver_all() {
    for (const Datagram& datagram : peer_.sent) bench_.deliver(datagram);
    peer_.sent.clear();
  }

  DtlsBench bench_;
  OpensslPeer peer_;
};

TEST_F(DtlsAssociation, AServerWaitsAsLongAsItTakesAndHoldsNoSession) {
  bench_.add(peer_);
  bench_.pair_ready();
  bench_.pass_time(1h);
  EXPECT_TRUE(bench_.reports.empty());
  EXPECT_EQ(sessions(), 0u);
  EXPECT_EQ(count(Fate::pair_ready), 1u);
  EXPECT_TRUE(bench_.take_sent().empty());
  peer_.begin();
  EXPECT_TRUE(bench_.shake_hands(peer_));
}

TEST_F(DtlsAssociation, AClientBeginsWithTheFirstCheckedPair) {
  OpensslPeer server({.server = true});
  bench_.add(server, Role::active);
  bench_.pass_time(1h);
  EXPECT_TRUE(bench_.take_sent().empty());
  bench_.pair_ready();
  EXPECT_FALSE(bench_.take_sent().empty());
  bench_.pair_ready();
  EXPECT_TRUE(bench_.take_sent().empty()) << "one ClientHello is enough";
}

TEST_F(DtlsAssociation, AHandshakeThatIsNotDoneInTimeFails) {
  bench_.add(peer_);
  peer_.begin();
  deliver_all();
  EXPECT_EQ(sessions(), 1u);
  bench_.pass_time(29s);
  EXPECT_FALSE(bench_.result());
  bench_.pass_time(2s);
  EXPECT_EQ(bench_.result(), Result::timeout);
  EXPECT_EQ(sessions(), 0u);
  EXPECT_FALSE(bench_.associations().next_due());
  bench_.deliver(std::vector<std::uint8_t>{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0});
  EXPECT_EQ(count(Fate::no_association), 1u);
}

TEST_F(DtlsAssociation, AFlightIsRepeatedUntilItIsAnswered) {
  bench_.add(peer_);
  peer_.begin();
  deliver_all();
  const std::size_t flight = bench_.take_sent().size();
  std::this_thread::sleep_for(25ms);
  bench_.associations().advance(bench_.now());
  EXPECT_GE(bench_.take_sent().size(), flight);
  EXPECT_EQ(bench_.counters.retransmissions.get(), 1u);
}

TEST_F(DtlsAssociation, ALostLastFlightIsSentAgain) {
  bench_.add(peer_);
  peer_.begin();
  deliver_all();
  for (const Datagram& datagram : bench_.take_sent()) peer_.receive(datagram);
  deliver_all();
  ASSERT_EQ(bench_.result(), Result::secured);
  bench_.take_sent();  // the network loses it
  EXPECT_FALSE(peer_.secured());
  EXPECT_TRUE(bench_.run(peer_, [&] { return peer_.secured(); }));
  EXPECT_EQ(bench_.reports.size(), 1u);
}

TEST_F(DtlsAssociation, ASessionIsFreedOnceTheLastFlightCannotBeAskedForAnyMore) {
  secure();
  EXPECT_EQ(sessions(), 1u);
  bench_.pass_time(9s);
  EXPECT_EQ(sessions(), 1u);
  bench_.pass_time(2s);
  EXPECT_EQ(sessions(), 0u);
  EXPECT_EQ(bench_.reports.size(), 1u) << "nothing to tell";
  EXPECT_EQ(bench_.counters.endpoints.get(), 1u);
}

TEST_F(DtlsAssociation, MediaSettlesIt) {
  secure();
  bench_.associations().settle(DtlsBench::endpoint());
  EXPECT_EQ(sessions(), 0u);
  bench_.associations().settle(DtlsBench::endpoint());
  EXPECT_EQ(bench_.reports.size(), 1u);
}

TEST_F(DtlsAssociation, AMovedEndpointSaysGoodbyeFromItsNewPlace) {
  secure();
  const EndpointRef there{.worker = 1, .slot = 40, .generation = 2};
  bench_.associations().move(DtlsBench::endpoint(), there);
  EXPECT_EQ(sessions(), 0u);
  peer_.shut_down();
  bench_.deliver(peer_.sent.back());
  EXPECT_EQ(count(Fate::unknown_endpoint), 1u);
  bench_.deliver(peer_.sent.back(), there);
  EXPECT_EQ(bench_.result(), Result::closed);
  EXPECT_EQ(bench_.reports.back().endpoint, there);
}

TEST_F(DtlsAssociation, AClientKeepsNoSession) {
  OpensslPeer server({.server = true});
  bench_.add(server, Role::active);
  bench_.pair_ready();
  ASSERT_TRUE(bench_.shake_hands(server));
  EXPECT_EQ(sessions(), 0u);
  server.shut_down();
  bench_.deliver(server.sent.back());
  EXPECT_EQ(bench_.result(), Result::closed);
  EXPECT_EQ(count(Fate::goodbye), 1u);
}

TEST_F(DtlsAssociation, AGoodbyeIsHeardByTheSession) {
  secure();
  peer_.shut_down();
  deliver_all();
  EXPECT_EQ(bench_.result(), Result::closed);
  EXPECT_EQ(bench_.reports.back().detail, "close notify");
  EXPECT_EQ(sessions(), 0u);
}

class DtlsFarewell : public ::testing::TestWithParam<const char*> {};

TEST_P(DtlsFarewell, IsHeardWhenTheSessionIsGone) {
  DtlsBench bench;
  OpensslPeer peer({.ciphers = GetParam()});
  bench.add(peer);
  peer.begin();
  ASSERT_TRUE(bench.shake_hands(peer)) << peer.error();
  bench.pass_time(1h);
  ASSERT_EQ(bench.counters.sessions.get(), 0u);
  peer.shut_down();
  ASSERT_EQ(peer.sent.size(), 1u);
  Datagram forged = peer.sent.front();
  forged.back() ^= 1;
  bench.deliver(forged);
  EXPECT_EQ(bench.result(), Result::secured);
  EXPECT_EQ(bench.counters.of(Fate::no_association).get(), 1u);
  bench.deliver(peer.sent.front());
  EXPECT_EQ(bench.result(), Result::closed);
  EXPECT_EQ(bench.reports.back().detail, "close notify");
  EXPECT_EQ(bench.counters.of(Fate::goodbye).get(), 1u);
  bench.deliver(peer.sent.front());
  EXPECT_EQ(bench.reports.size(), 2u) << "once";
}

INSTANTIATE_TEST_SUITE_P(Ciphers, DtlsFarewell,
                         ::testing::Values("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                                           "ECDHE-ECDSA-CHACHA20-POLY1305"),
                         [](const auto& param) { return "Cipher" + std::to_string(param.index); });

TEST_F(DtlsAssociation, AnAlertInTheClearEndsNothing) {
  secure();
  const std::vector<std::uint8_t> alert = {21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 0};
  bench_.deliver(alert);
  bench_.associations().settle(DtlsBench::endpoint());
  bench_.deliver(alert);
  EXPECT_EQ(bench_.reports.size(), 1u);
}

TEST_F(DtlsAssociation, AFreshClientHelloAfterwardsIsNotAnswered) {
  secure();
  OpensslPeer reloaded;
  reloaded.begin();
  bench_.deliver(reloaded.sent.front());
  EXPECT_TRUE(bench_.take_sent().empty());
  bench_.associations().settle(DtlsBench::endpoint());
  bench_.deliver(reloaded.sent.front());
  EXPECT_TRUE(bench_.take_sent().empty());
  EXPECT_EQ(bench_.reports.size(), 1u);
}

TEST_F(DtlsAssociation, AddingAgainBeginsAnew) {
  secure();
  OpensslPeer reloaded;
  bench_.add(reloaded);
  EXPECT_EQ(bench_.counters.endpoints.get(), 1u);
  EXPECT_EQ(sessions(), 0u);
  reloaded.begin();
  EXPECT_TRUE(bench_.run(reloaded, [&] { return reloaded.secured() && bench_.reports.size() == 2; }));
  EXPECT_EQ(bench_.result(), Result::secured);
}

TEST_F(DtlsAssociation, ReportsNameTheAssociation) {
  const auto expect = [&](const OpensslPeer& peer, std::uint64_t association) {
    bench_.associations().add({DtlsBench::endpoint(), Role::passive, {peer.fingerprint()}, association}, bench_.now());
  };
  expect(peer_, 41);
  peer_.begin();
  ASSERT_TRUE(bench_.shake_hands(peer_));
  EXPECT_EQ(bench_.reports.back().association, 41u);
  peer_.shut_down();
  deliver_all();
  ASSERT_EQ(bench_.result(), Result::closed);
  EXPECT_EQ(bench_.reports.back().association, 41u);
  OpensslPeer reloaded;
  expect(reloaded, 42);
  reloaded.begin();
  EXPECT_TRUE(bench_.run(reloaded, [&] { return bench_.reports.size() == 3; }));
  EXPECT_EQ(bench_.result(), Result::secured);
  EXPECT_EQ(bench_.reports.back().association, 42u);
}

TEST_F(DtlsAssociation, AddingAgainAsClientBeginsAtOnceBecauseThePairIsStillChecked) {
  secure();
  OpensslPeer server({.server = true});
  bench_.add(server, Role::active);
  EXPECT_FALSE(bench_.take_sent().empty());
  EndpointRef next = DtlsBench::endpoint();
  ++next.generation;
  bench_.add(server, Role::active, next);
  EXPECT_TRUE(bench_.take_sent().empty()) << "another endpoint, whose pair is not";
}

TEST_F(DtlsAssociation, OtherSlotsAndGenerationsAreCounted) {
  bench_.add(peer_);
  peer_.begin();
  EndpointRef wrong = DtlsBench::endpoint();
  --wrong.generation;
  bench_.deliver(peer_.sent.front(), wrong);
  bench_.deliver(peer_.sent.front(), DtlsBench::endpoint(8));
  wrong.worker = 1;
  bench_.deliver(peer_.sent.front(), wrong);
  EXPECT_EQ(count(Fate::unknown_endpoint), 3u);
  bench_.associations().remove(wrong);
  EXPECT_EQ(bench_.counters.endpoints.get(), 1u);
  bench_.associations().remove(DtlsBench::endpoint());
  EXPECT_EQ(bench_.counters.endpoints.get(), 0u);
}

TEST_F(DtlsAssociation, RemovingInTheMiddleFreesAll) {
  bench_.add(peer_);
  peer_.begin();
  deliver_all();
  bench_.associations().remove(DtlsBench::endpoint());
  EXPECT_EQ(sessions(), 0u);
  EXPECT_FALSE(bench_.associations().next_due());
  EXPECT_TRUE(bench_.reports.empty());
}

TEST_F(DtlsAssociation, GarbageBetweenDisturbsNothing) {
  bench_.add(peer_);
  std::mt19937 random(4);
  const auto garbage = [&] {
    Datagram bytes(1 + random() % 300);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    bytes[0] = static_cast<std::uint8_t>(20 + random() % 44);
    bench_.deliver(bytes);
    // Well-formed outside, nonsense inside; of both epochs.
    Datagram record = {21, 254, 253, 0, static_cast<std::uint8_t>(random() % 2), 0, 0, 0, 0, 1, 0, 0, 20};
    record[0] = static_cast<std::uint8_t>(20 + random() % 3 / 2 * 2);  // no handshake record: those may do harm
    if (record[0] == 20) record[4] = 1;
    record.resize(record.size() + 20, 0xee);
    if (record[4] == 1) bench_.deliver(record);
  };
  peer_.begin();
  ASSERT_TRUE(bench_.run(peer_, [&] {
    if (!peer_.secured()) garbage();
    return peer_.secured() && bench_.result().has_value();
  }));
  EXPECT_EQ(bench_.result(), Result::secured) << bench_.reports.back().detail;
  EXPECT_GT(count(Fate::malformed), 0u);
}

TEST_F(DtlsAssociation, OnlyAClientHelloOpensASession) {
  bench_.add(peer_);
  const std::vector<std::uint8_t> server_hello = {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12,
                                                  2,  0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0};
  bench_.deliver(server_hello);
  bench_.deliver(std::vector<std::uint8_t>{21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40});
  EXPECT_EQ(count(Fate::no_association), 2u);
  EXPECT_EQ(sessions(), 0u);
}

TEST_F(DtlsAssociation, ApplicationDataIsOfNoUse) {
  secure();
  peer_.send_application_data("SCTP");
  deliver_all();
  EXPECT_EQ(count(Fate::application_data), 1u);
}

TEST_F(DtlsAssociation, RenegotiationIsDeclined) {
  secure();
  peer_.renegotiate();
  ASSERT_FALSE(peer_.sent.empty());
  deliver_all();
  const auto answer = bench_.take_sent();
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0][0], 21) << "an alert";
  EXPECT_EQ(bench_.reports.size(), 1u);
}

TEST_F(DtlsAssociation, EncryptedRecordsBeforeTheEndAreBounded) {
  bench_.add(peer_);
  peer_.begin();
  deliver_all();
  std::vector<std::uint8_t> record = {22, 254, 253, 0, 1, 0, 0, 0, 0, 0, 0, 0, 40};
  record.resize(13 + 40, 0xab);
  for (std::uint8_t i = 0; i < 40; ++i) {
    record[10] = i;
    bench_.deliver(record);
  }
  EXPECT_EQ(count(Fate::early_encrypted), 24u);
}

TEST_F(DtlsAssociation, AFloodOfOneEndpointIsCut) {
  bench_.add(peer_);
  secure();
  const std::vector<std::uint8_t> junk(20, 20);
  for (int i = 0; i < 1000; ++i) bench_.deliver(junk);
  EXPECT_GT(count(Fate::over_rate), 300u);
  EXPECT_GT(count(Fate::malformed), 150u);
}

TEST(DtlsLimits, EndpointsBeyondThemAreRefused) {
  Options options;
  options.most_endpoints = 2;
  DtlsBench bench(options);
  OpensslPeer peer;
  for (sfu::EndpointSlot slot = 0; slot < 3; ++slot) bench.add(peer, Role::passive, DtlsBench::endpoint(slot));
  ASSERT_EQ(bench.reports.size(), 1u);
  EXPECT_EQ(bench.reports.front().endpoint.slot, 2u);
  EXPECT_EQ(bench.result(), Result::limit);
}

TEST(DtlsLimits, BeyondThoseOfSessionsPeersWait) {
  Options options = DtlsBench::quick();
  options.most_sessions = 1;
  DtlsBench bench(options);
  OpensslPeer first, second, server({.server = true});
  bench.add(first, Role::passive, DtlsBench::endpoint(1));
  bench.add(second);
  bench.add(server, Role::active, DtlsBench::endpoint(3));
  first.begin();
  bench.deliver(first.sent.front(), DtlsBench::endpoint(1));
  bench.take_sent();
  second.begin();
  bench.deliver(second.sent.front());
  bench.pair_ready(DtlsBench::endpoint(3));
  EXPECT_EQ(bench.counters.of(Fate::too_busy).get(), 1u);
  EXPECT_TRUE(bench.take_sent().empty());
  bench.associations().remove(DtlsBench::endpoint(1));
  bench.pass_time(std::chrono::milliseconds(100));
  EXPECT_FALSE(bench.take_sent().empty()) << "the active one's turn";
  bench.associations().remove(DtlsBench::endpoint(3));
  EXPECT_TRUE(bench.shake_hands(second));
}

}  // namespace
}  // namespace penstock::control::dtls::testing
