// Allocate (RFC 8656 section 7).
#include <algorithm>
#include <set>

#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;
using stun::MessageBuilder;
using Fill = Client::Fill;

class AllocateTest : public TurnTest {
 protected:
  using TurnTest::TurnTest;
};

TEST_F(AllocateTest, FirstChallengesThenGivesARelayedAddressOfTheConfiguredRange) {
  const Reply challenge = ada.exchange(ada.plain(stun::Method::allocate, requested_transport, ada.next_id()));
  EXPECT_EQ(challenge.code(), 401);
  EXPECT_EQ(bed.stats().allocations.get(), 0U);
  const Reply reply = ada.allocate();
  ASSERT_EQ(reply.code(), 0);
  const auto relayed = reply.relayed();
  ASSERT_EQ(relayed.size(), 1U);
  EXPECT_EQ(relayed[0].address, kRelay4);
  EXPECT_GE(relayed[0].port, 20000);
  EXPECT_LE(relayed[0].port, 20999);
  EXPECT_EQ(stun::xor_mapped_address(reply.view()), kAda);
  EXPECT_EQ(stun::lifetime_s(reply.view()), 600U);
  EXPECT_TRUE(bed.worker_of(relayed[0]));
  EXPECT_EQ(bed.stats().allocations.get(), 1U);
  EXPECT_EQ(bed.stats().users.get(), 1U);
}

TEST_F(AllocateTest, ARetransmissionIsAnsweredByteForByte) {
  ada.exchange(ada.plain(stun::Method::allocate, requested_transport, ada.next_id()));
  const Payload request = ada.signed_request(
      stun::Method::allocate, [](MessageBuilder& b) { requested_transport(b), b.even_port(true); }, ada.next_id());
  const Reply first = ada.exchange(request);
  ASSERT_EQ(first.code(), 0);
  bed.advance(7 * kSecond);
  const Reply second = ada.exchange(request);
  EXPECT_EQ(first.bytes, second.bytes);
  EXPECT_EQ(bed.stats().allocations.get(), 1U);
  EXPECT_EQ(bed.stats().retransmitted_requests.get(), 1U);
}

TEST_F(AllocateTest, AnotherOneOnTheSameFiveTupleIsAMismatch) {
  ASSERT_EQ(ada.allocate().code(), 0);
  EXPECT_EQ(ada.allocate().code(), 437);
  Client bob(bed, kAda, 0, "bob");
  EXPECT_EQ(bob.allocate().code(), 437);
}

TEST_F(AllocateTest, WhatCannotBeServedIsRefusedByTheRightCode) {
  struct Row {
    const char* what;
    Fill fill;
    int code;
  };
  const stun::ReservationToken token{};
  const std::array<std::uint8_t, 1> one{};
  const auto plain_bytes = [&](MessageBuilder& b, std::uint16_t type) { b.attribute(type, one); };
  const std::vector<Row> rows = {
      {"no transport", [](MessageBuilder&) {}, 400},
      {"TCP", [](MessageBuilder& b) { b.requested_transport(6); }, 442},
      {"short transport", [&](MessageBuilder& b) { plain_bytes(b, 0x0019); }, 400},
      {"token and even port",
       [&](MessageBuilder& b) { requested_transport(b), b.even_port(false).reservation_token(token); }, 400},
      {"token and family",
       [&](MessageBuilder& b) {
         requested_transport(b), b.reservation_token(token).requested_address_family(net::Family::v4);
       },
       400},
      {"unknown token", [&](MessageBuilder& b) { requested_transport(b), b.reservation_token(token); }, 508},
      {"both families requested",
       [](MessageBuilder& b) {
         requested_transport(b), b.requested_address_family(net::Family::v4);
         b.additional_address_family(net::Family::v6);
       },
       400},
      {"additional IPv4",
       [](MessageBuilder& b) { requested_transport(b), b.additional_address_family(net::Family::v4); }, 400},
      {"additional with reservation",
       [](MessageBuilder& b) { requested_transport(b), b.even_port(true).additional_address_family(net::Family::v6); },
       400},
      {"a family nobody knows",
       [](MessageBuilder& b) { requested_transport(b), b.attribute(0x0017, std::array<std::uint8_t, 4>{9, 0, 0, 0}); },
       440},
      {"short lifetime", [&](MessageBuilder& b) { requested_transport(b), plain_bytes(b, 0x000d); }, 400},
      {"an unknown attribute one must understand",
       [&](MessageBuilder& b) { requested_transport(b), plain_bytes(b, 0x0077); }, 420},
  };
  std::uint16_t port = 41000;
  for (const Row& row : rows) {
    Client client(bed, {kAda.address, ++port});
    EXPECT_EQ(client.ask(stun::Method::allocate, row.fill).code(), row.code) << row.what;
  }
  EXPECT_EQ(bed.stats().allocations.get(), 0U);
}

TEST_F(AllocateTest, TheUnknownAttributesAreNamed) {
  const Reply reply = ada.allocate([](MessageBuilder& b) { b.attribute(0x0077, {}); });
  ASSERT_EQ(reply.code(), 420);
  const auto unknown = stun::unknown_attributes(reply.view());
  ASSERT_TRUE(unknown);
  EXPECT_THAT(*unknown, testing::ElementsAre(0x00, 0x77));
}

TEST_F(AllocateTest, LifetimesStayWithinTheLimits) {
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> rows = {{0, 600},     {30, 600},    {600, 600},
                                                                     {1800, 1800}, {3600, 3600}, {999'999, 3600}};
  std::uint16_t port = 41000;
  for (const auto& [asked, granted] : rows) {
    Client client(bed, {kAda.address, ++port});
    const Reply reply = client.allocate([asked = asked](MessageBuilder& b) { b.lifetime(asked); });
    EXPECT_EQ(stun::lifetime_s(reply.view()), granted) << asked;
  }
}

TEST_F(AllocateTest, TheFamilyIsTheOneAskedFor) {
  EXPECT_EQ(ada.allocated([](MessageBuilder& b) { b.requested_address_family(net::Family::v6); }).address, kRelay6);
  Client by_v6(bed, kPeer6);
  EXPECT_EQ(by_v6.allocated().address, kRelay4);  // RFC 8656 section 7.2: IPv4 unless asked otherwise
}

TEST_F(AllocateTest, TwoFamiliesComeInOneAllocation) {
  const Reply reply = ada.allocate([](MessageBuilder& b) { b.additional_address_family(net::Family::v6); });
  ASSERT_EQ(reply.code(), 0);
  ASSERT_EQ(reply.relayed().size(), 2U);
  EXPECT_EQ(reply.relayed()[0].address, kRelay4);
  EXPECT_EQ(reply.relayed()[1].address, kRelay6);
  EXPECT_EQ(bed.stats().allocations.get(), 1U);
  ASSERT_EQ(ada.refresh(0).code(), 0);
  EXPECT_FALSE(bed.worker_of(reply.relayed()[0]));
  EXPECT_FALSE(bed.worker_of(reply.relayed()[1]));
}

TEST_F(AllocateTest, OneOfTwoFamiliesIsSuccessWithAnAddressErrorCode) {
  bed.host().refuse_when([](const net::Endpoint& e) -> std::optional<port::BindError> {
    return e.address == kRelay6 ? std::optional(port::BindError::no_address) : std::nullopt;
  });
  const Reply reply = ada.allocate([](MessageBuilder& b) { b.additional_address_family(net::Family::v6); });
  ASSERT_EQ(reply.code(), 0);
  EXPECT_EQ(reply.relayed().size(), 1U);
  const auto error = stun::address_error_code(reply.view());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->family, net::Family::v6);
  EXPECT_EQ(error->error.code, 508);
}

TEST_F(AllocateTest, AnEvenPortIsEvenAndItsNeighbourCanBeClaimedWithinThirtySeconds) {
  const Reply reply = ada.allocate([](MessageBuilder& b) { b.even_port(true); });
  ASSERT_EQ(reply.code(), 0);
  const net::Endpoint even = reply.relayed()[0];
  EXPECT_EQ(even.port % 2, 0);
  const auto token = stun::reservation_token(reply.view());
  ASSERT_TRUE(token);
  EXPECT_EQ(bed.stats().reservations.get(), 1U);
  EXPECT_FALSE(from_peer({even.address, static_cast<std::uint16_t>(even.port + 1)}, kPeer, {}));

  bed.advance(29 * kSecond);
  Client bob(bed, kBob, 0, "bob");
  const Reply claimed = bob.allocate([&](MessageBuilder& b) { b.reservation_token(*token); });
  ASSERT_EQ(claimed.code(), 0);
  EXPECT_EQ(claimed.relayed()[0], (net::Endpoint{even.address, static_cast<std::uint16_t>(even.port + 1)}));
  EXPECT_EQ(bed.stats().reservations.get(), 0U);
  Client late(bed, {kBob.address, 42000});
  EXPECT_EQ(late.allocate([&](MessageBuilder& b) { b.reservation_token(*token); }).code(), 508);
}

TEST_F(AllocateTest, AClaimedReservationIsNotClaimedAgainByATokenWithoutSecret) {
  const auto token = stun::reservation_token(ada.allocate([](MessageBuilder& b) { b.even_port(true); }).view());
  ASSERT_TRUE(token);
  Client bob(bed, kBob);
  ASSERT_EQ(bob.allocate([&](MessageBuilder& b) { b.reservation_token(*token); }).code(), 0);
  // Worker and slot as before, the rest zero: what the free slot holds.
  Client eve(bed, {kBob.address, 40009});
  const stun::ReservationToken forged{(*token)[0], (*token)[1], (*token)[2]};
  EXPECT_EQ(eve.allocate([&](MessageBuilder& b) { b.reservation_token(forged); }).code(), 508);
  EXPECT_EQ(bed.stats().allocations.get(), 2U);
  EXPECT_EQ(bed.stats().reservations.get(), 0U);
}

TEST_F(AllocateTest, AReservationNobodyClaimsIsFreedAfterThirtySeconds) {
  const auto token = stun::reservation_token(ada.allocate([](MessageBuilder& b) { b.even_port(true); }).view());
  const std::size_t open = bed.host().open_endpoints();
  bed.advance(31 * kSecond);
  EXPECT_EQ(bed.host().open_endpoints(), open - 1);
  Client bob(bed, kBob);
  EXPECT_EQ(bob.allocate([&](MessageBuilder& b) { b.reservation_token(*token); }).code(), 508);
}

TEST_F(AllocateTest, PortsThatOtherProgramsHoldArePassedOver) {
  // Half of the ports: sixteen tries in a row do not all fail.
  for (std::uint16_t port = 20000; port < 20999; port += 2) bed.host().occupy({kRelay4, port});
  for (std::uint16_t i = 1; i <= 20; ++i) {
    Client client(bed, {kBob.address, i});
    EXPECT_EQ(client.allocated().port % 2, 1);
  }
  EXPECT_GT(bed.stats().port_in_use_retries.get(), 0U);
}

TEST_F(AllocateTest, AnAllocationLivesForItsLifetime) {
  const net::Endpoint relayed = ada.allocated();
  bed.advance(599 * kSecond);
  EXPECT_TRUE(bed.worker_of(relayed));
  bed.advance(2 * kSecond);
  EXPECT_FALSE(bed.worker_of(relayed));
  EXPECT_EQ(bed.stats().allocations.get(), 0U);
  EXPECT_EQ(bed.stats().users.get(), 0U);
  const auto records = bed.records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].reason, EndReason::expired);
  EXPECT_EQ(records[0].user_name(), "ada");
  EXPECT_EQ(records[0].client, kAda);
  EXPECT_EQ(records[0].server, kListen4);
  EXPECT_EQ(records[0].relayed[0], relayed);
  EXPECT_EQ(ada.allocate().code(), 0);
}

TEST_F(AllocateTest, WithTheNonceOfAnotherAddressThereIsNoState) {
  ada.exchange(ada.plain(stun::Method::allocate, requested_transport, ada.next_id()));
  Client thief(bed, kBob);
  thief.nonce = ada.nonce;
  EXPECT_NE(thief.exchange(thief.signed_request(stun::Method::allocate, requested_transport, thief.next_id())).code(),
            0);
  EXPECT_EQ(bed.stats().allocations.get(), 0U);
}

TEST_F(AllocateTest, AWrongPasswordIsChallengedAndCounted) {
  Client mallory(bed, kBob, 0, "ada", "guess");
  EXPECT_EQ(mallory.allocate().code(), 401);
  EXPECT_EQ(bed.stats().authentication_failures.get(), 1U);
}

TEST(DefaultFamily, IsIPv6WithoutAnIPv4RelayAddress) {
  BedOptions options;
  options.fixed.relay_addresses = {{kRelay6, kRelay6}};
  TestBed v6_bed(options);
  Client client(v6_bed, kPeer6);
  EXPECT_EQ(client.allocated().address, kRelay6);
  Client asks_v4(v6_bed, kAda);
  EXPECT_EQ(asks_v4.allocate([](MessageBuilder& b) { b.requested_address_family(net::Family::v4); }).code(), 440);
  EXPECT_EQ(v6_bed.equation_error(), "");
}

class QuotaTest : public TurnTest {
 protected:
  QuotaTest() : TurnTest(limited()) {}
  static BedOptions limited() {
    BedOptions options;
    options.settings.user_limits.allocations = 2;
    options.settings.total_limits.allocations = 3;
    return options;
  }
};

TEST_F(QuotaTest, AUserGetsHisAllocationsAndNoMore) {
  std::vector<Client> clients;
  for (std::uint16_t i = 0; i < 3; ++i) {
    clients.emplace_back(bed, net::Endpoint{kAda.address, static_cast<std::uint16_t>(42000 + i)});
  }
  EXPECT_EQ(clients[0].allocate().code(), 0);
  EXPECT_EQ(clients[1].allocate().code(), 0);
  EXPECT_EQ(clients[2].allocate().code(), 486);
  EXPECT_EQ(bed.stats().quota_denied.get(), 1U);
  EXPECT_EQ(clients[0].refresh(0).code(), 0);
  EXPECT_EQ(clients[2].allocate().code(), 0);
}

TEST_F(QuotaTest, AReservedPortCountsAndWhoReservedItClaimsItFreely) {
  const auto reserving = [](MessageBuilder& b) { b.even_port(true); };
  const Reply pair = ada.allocate(reserving);
  ASSERT_EQ(pair.code(), 0);
  const auto token = stun::reservation_token(pair.view());
  ASSERT_TRUE(token);
  Client second(bed, {kAda.address, 42000}), third(bed, {kAda.address, 42001});
  EXPECT_EQ(second.allocate().code(), 486);
  Client bob(bed, kBob, 0, "bob");
  EXPECT_EQ(bob.allocate(reserving).code(), 508) << "two more are one too many for all together";
  EXPECT_EQ(second.allocate([&](MessageBuilder& b) { b.reservation_token(*token); }).code(), 0);
  EXPECT_EQ(third.allocate().code(), 486);
  EXPECT_EQ(bob.allocate().code(), 0);
  EXPECT_EQ(second.refresh(0).code(), 0);
  EXPECT_EQ(third.allocate().code(), 0);
}

TEST_F(QuotaTest, AReservationThatExpiresIsGivenBack) {
  ASSERT_EQ(ada.allocate([](MessageBuilder& b) { b.even_port(true); }).code(), 0);
  Client second(bed, {kAda.address, 42000}), third(bed, {kAda.address, 42001});
  bed.advance(31 * kSecond);
  EXPECT_EQ(second.allocate().code(), 0);
  EXPECT_EQ(third.allocate().code(), 486);
}

TEST_F(QuotaTest, WhoClaimsAnothersReservationPaysForIt) {
  const auto token = stun::reservation_token(ada.allocate([](MessageBuilder& b) { b.even_port(true); }).view());
  ASSERT_TRUE(token);
  const auto claiming = [&](MessageBuilder& b) { b.reservation_token(*token); };
  Client bob(bed, kBob, 0, "bob"), bob2(bed, {kBob.address, 42000}, 0, "bob");
  ASSERT_EQ(bob.allocate().code(), 0);
  EXPECT_EQ(bob2.allocate(claiming).code(), 508) << "all together have three";
  ASSERT_EQ(bob.refresh(0).code(), 0);
  EXPECT_EQ(bob2.allocate(claiming).code(), 0) << "a refusal has not used the token up";
  Client second(bed, {kAda.address, 42001});
  EXPECT_EQ(second.allocate().code(), 0) << "ada has it back";
  EXPECT_EQ(bob.allocate().code(), 508);
}

TEST_F(QuotaTest, AllTogetherGetTheTotalAndNoMore) {
  Client bob1(bed, {kBob.address, 1}, 0, "bob");
  Client bob2(bed, {kBob.address, 2}, 0, "bob");
  Client ada2(bed, {kAda.address, 3});
  EXPECT_EQ(ada.allocate().code(), 0);
  EXPECT_EQ(bob1.allocate().code(), 0);
  EXPECT_EQ(bob2.allocate().code(), 0);
  EXPECT_EQ(ada2.allocate().code(), 508);
  EXPECT_EQ(bob1.refresh(0).code(), 0);
  EXPECT_EQ(ada2.allocate().code(), 0);  // a refusal has cost ada nothing
}

TEST(PortsRunOut, AllocateIsRefusedAndRecovers) {
  BedOptions options;
  options.fixed.port_min = 20001;
  options.fixed.port_max = 20004;
  TestBed bed(options);
  std::vector<Client> clients;
  for (std::uint16_t i = 0; i < 5; ++i) {
    clients.emplace_back(bed, net::Endpoint{kAda.address, static_cast<std::uint16_t>(42000 + i)});
  }
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 4; ++i) ports.insert(clients[i].allocated().port);
  EXPECT_EQ(ports, (std::set<std::uint16_t>{20001, 20002, 20003, 20004}));
  EXPECT_EQ(clients[4].allocate().code(), 508);
  EXPECT_EQ(clients[0].refresh(0).code(), 0);
  EXPECT_EQ(clients[4].allocate().code(), 0);
  EXPECT_EQ(bed.equation_error(), "");
}

TEST(TableFull, AllocateIsRefusedAndRecovers) {
  BedOptions options;
  options.fixed.allocations_per_worker = 2;
  TestBed bed(options);
  Client a(bed, {kAda.address, 1}), b(bed, {kAda.address, 2}), c(bed, {kAda.address, 3});
  EXPECT_EQ(a.allocate().code(), 0);
  EXPECT_EQ(b.allocate().code(), 0);
  EXPECT_EQ(c.allocate().code(), 508);
  EXPECT_EQ(a.refresh(0).code(), 0);
  EXPECT_EQ(c.allocate().code(), 0);
}

}  // namespace
}  // namespace penstock::turn
