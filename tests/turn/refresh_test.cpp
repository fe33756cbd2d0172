// Refresh (RFC 8656 section 8).
#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;
using stun::MessageBuilder;

using RefreshTest = TurnTest;

TEST_F(RefreshTest, KeepsTheAllocationAlive) {
  const net::Endpoint relayed = ada.allocated();
  for (int i = 0; i < 5; ++i) {
    bed.advance(500 * kSecond);
    const Reply reply = ada.refresh(600);
    ASSERT_EQ(reply.code(), 0);
    EXPECT_EQ(stun::lifetime_s(reply.view()), 600U);
  }
  EXPECT_TRUE(bed.worker_of(relayed));
}

TEST_F(RefreshTest, ZeroEndsItAndTheRetransmissionHearsTheSame) {
  const net::Endpoint relayed = ada.allocated();
  const Payload request =
      ada.signed_request(stun::Method::refresh, [](MessageBuilder& b) { b.lifetime(0); }, ada.next_id());
  const Reply first = ada.exchange(request);
  ASSERT_EQ(first.code(), 0);
  EXPECT_EQ(stun::lifetime_s(first.view()), 0U);
  EXPECT_FALSE(bed.worker_of(relayed));
  EXPECT_EQ(ada.exchange(request).bytes, first.bytes);
  EXPECT_EQ(ada.refresh(0).code(), 437);  // a new request is not that one
  const auto records = bed.records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].reason, EndReason::refresh_zero);
}

// Data and the end of its allocation in one burst.
TEST_F(RefreshTest, WhatTheClientSentBeforeTheEndStillLeaves) {
  const net::Endpoint relayed = ada.allocated();
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  const Payload data = {1, 2, 3};
  const Payload end =
      ada.signed_request(stun::Method::refresh, [](MessageBuilder& b) { b.lifetime(0); }, ada.next_id());
  ASSERT_TRUE(bed.inject(0, ada.server(), kAda, ada.send_indication(kPeer, data)));
  ASSERT_TRUE(bed.inject(0, ada.server(), kAda, end));
  bed.run();
  const std::vector<Sent> sent = bed.take(kPeer);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].datagram.bytes, data);
  EXPECT_EQ(sent[0].datagram.local, relayed);
}

TEST_F(RefreshTest, WithoutAllocationIsAMismatch) {
  EXPECT_EQ(ada.refresh(600).code(), 437);
}

TEST_F(RefreshTest, AnExpiredAllocationIsGoneEvenBeforeItsTimerFires) {
  ada.allocated();
  // Straight to the request, without a pass in between.
  const Payload request =
      ada.signed_request(stun::Method::refresh, [](MessageBuilder& b) { b.lifetime(600); }, ada.next_id());
  ada.send(request);
  bed.advance(600 * kSecond);
  EXPECT_EQ(bed.stats().allocations.get(), 0U);
}

TEST_F(RefreshTest, AnotherUserIsRefused) {
  ada.allocated();
  Client bob(bed, kAda, 0, "bob");
  EXPECT_EQ(bob.refresh(600).code(), 441);
  EXPECT_EQ(bed.stats().allocations.get(), 1U);
}

TEST_F(RefreshTest, TheFamilyMustBeTheAllocations) {
  ada.allocated();
  const auto family = [](net::Family f) { return [f](MessageBuilder& b) { b.requested_address_family(f); }; };
  EXPECT_EQ(ada.refresh(600, family(net::Family::v6)).code(), 443);
  EXPECT_EQ(ada.refresh(600, family(net::Family::v4)).code(), 0);
}

TEST_F(RefreshTest, OneOfTwoFamiliesCanBeLetGo) {
  const auto relayed = ada.allocate([](MessageBuilder& b) { b.additional_address_family(net::Family::v6); }).relayed();
  ASSERT_EQ(relayed.size(), 2U);
  const auto v6 = [](MessageBuilder& b) { b.requested_address_family(net::Family::v6); };
  EXPECT_EQ(ada.refresh(0, v6).code(), 0);
  EXPECT_TRUE(bed.worker_of(relayed[0]));
  EXPECT_FALSE(bed.worker_of(relayed[1]));
  EXPECT_EQ(ada.refresh(600, v6).code(), 443);
  EXPECT_EQ(ada.permit({kPeer6}).code(), 443);
  EXPECT_EQ(ada.refresh(0).code(), 0);
  EXPECT_EQ(bed.stats().allocations.get(), 0U);
}

TEST_F(RefreshTest, ARetransmissionThatLetsAFamilyGoHearsTheSame) {
  ASSERT_EQ(ada.allocate([](MessageBuilder& b) { b.additional_address_family(net::Family::v6); }).relayed().size(), 2U);
  const Payload request = ada.signed_request(
      stun::Method::refresh, [](MessageBuilder& b) { b.lifetime(0).requested_address_family(net::Family::v6); },
      ada.next_id());
  const Reply first = ada.exchange(request);
  ASSERT_EQ(first.code(), 0);
  EXPECT_EQ(ada.exchange(request).bytes, first.bytes);
  EXPECT_EQ(bed.stats().allocations.get(), 1U);
}

TEST_F(RefreshTest, ALateRetransmissionDoesNotEndTheNextAllocation) {
  ada.allocated();
  const Payload request =
      ada.signed_request(stun::Method::refresh, [](MessageBuilder& b) { b.lifetime(0); }, ada.next_id());
  const Reply first = ada.exchange(request);
  ASSERT_EQ(first.code(), 0);
  const net::Endpoint relayed = ada.allocated();
  EXPECT_EQ(ada.exchange(request).bytes, first.bytes);
  EXPECT_TRUE(bed.worker_of(relayed));
}

TEST_F(RefreshTest, AStaleNonceIsRenewed) {
  ada.allocated();
  const std::string old = ada.nonce;
  for (int i = 0; i < 2; ++i) {
    bed.advance(500 * kSecond);
    EXPECT_EQ(ada.refresh(600).code(), 0);
  }
  EXPECT_NE(ada.nonce, old);
  EXPECT_GT(bed.stats().nonces_stale.get(), 0U);
}

}  // namespace
}  // namespace penstock::turn
