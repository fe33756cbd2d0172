#include "turn/guard/challenge.h"

#include <gmock/gmock.h>

#include "dataplane/stun/attributes.h"
#include "tests/turn/guard/request.h"

namespace penstock::turn {
namespace {

const net::Endpoint kClient{net::Address::v4(0xc6336401), 5000};

/// A request of exactly `bytes` bytes.
test::Request padded_request(std::size_t bytes) {
  return test::Request([&](stun::MessageBuilder& b) {
    if (bytes >= 28) b.requested_transport(stun::kTransportUdp);
    if (bytes >= 32) b.software(std::string(bytes - 32, 'x'));
  });
}

struct Answer {
  std::array<std::uint8_t, kLongestChallenge> bytes{};
  std::size_t size = 0;

  stun::MessageView view() const { return stun::MessageView::parse(stun::Bytes(bytes).first(size)).value(); }
};

Answer challenge(const test::Request& request, std::string_view realm,
                 stun::Error code = stun::Error::unauthenticated) {
  NonceSource nonces({}, 600, {.password_algorithms = true, .username_anonymity = true});
  Answer answer;
  answer.size = write_challenge(answer.bytes, request.view(), code, realm, nonces, kClient, 0);
  if (answer.size != 0) {
    const auto nonce = stun::nonce(answer.view());
    EXPECT_TRUE(nonce);
    EXPECT_EQ(nonces.verify(*nonce, kClient, 0), NonceVerdict::fresh);
    EXPECT_EQ(stun::realm(answer.view()), realm);
    EXPECT_EQ(stun::error_code(answer.view())->code, static_cast<std::uint16_t>(code));
    EXPECT_TRUE(answer.view().is(request.view().method(), stun::Class::error));
    EXPECT_TRUE(std::ranges::equal(answer.view().transaction_id(), request.view().transaction_id()));
  }
  return answer;
}

TEST(Challenge, TheLadderInBytes) {
  struct Case {
    std::size_t request;
    std::string_view realm;
    std::size_t answer;
    bool reason;
    bool announcing;
  };
  const Case cases[] = {
      // the table in challenge.h
      {20, "penstock", 0, false, false},  // comes from no client
      {28, "penstock", 56, false, false},
      {32, "penstock", 80, false, true},
      {36, "penstock", 80, false, true},
      {40, "penstock", 96, true, true},
      {200, "penstock", 96, true, true},
      // a realm of 13
      {28, "penstock.test", 64, false, false},
      {32, "penstock.test", 64, false, false},
      {36, "penstock.test", 88, false, true},
      {40, "penstock.test", 88, false, true},
      {44, "penstock.test", 104, true, true},
      // the longest frugal one, and beyond it
      {28, "relay.example.org.uk", 68, false, false},
      {28, "relay1.example.org.uk", 72, false, false},  // 21 bytes: 2.5 times with headers
      {28, "a-realm-of-sixty-four-bytes.that.is.the.longest.example.com.fine", 112, false, false},
      {20, "relay1.example.org.uk", 72, false, false},
      {20, "a-realm-of-sixty-four-bytes.that.is.the.longest.example.com.fine", 0, false, false},
  };
  for (const Case& c : cases) {
    const auto request = padded_request(c.request);
    ASSERT_EQ(request.view().bytes().size(), c.request);
    const Answer answer = challenge(request, c.realm);
    ASSERT_EQ(answer.size, c.answer) << c.request << ' ' << c.realm;
    if (answer.size == 0) continue;
    EXPECT_EQ(!stun::error_code(answer.view())->reason.empty(), c.reason);
    EXPECT_EQ(stun::security_features(*stun::nonce(answer.view())).has_value(), c.announcing);
    // RFC 8489 section 9.2.4: the list and the bit in the nonce go together.
    EXPECT_EQ(answer.view().has(stun::AttributeType::password_algorithms), c.announcing);
  }
}

TEST(Challenge, IsNeverMoreThanTwoAndAHalfTimesTheRequest) {
  for (std::size_t realm = 1; realm <= kLongestRealm; ++realm) {
    for (std::size_t bytes : {20, 28, 32, 36, 40, 44, 48, 64, 100, 200, 500}) {
      for (const auto code : {stun::Error::unauthenticated, stun::Error::stale_nonce}) {
        const std::size_t size = challenge(padded_request(bytes), std::string(realm, 'r'), code).size;
        if (realm <= kLongestFrugalRealm) {
          EXPECT_LE(2 * size, 5 * bytes) << realm;
        }
        if (size != 0) {
          EXPECT_LE(2 * (size + 28), 5 * (bytes + 28)) << realm;
        }
        if (bytes >= 28) {
          EXPECT_NE(size, 0u) << "a browser is answered, realm of " << realm;
        }
      }
    }
  }
}

TEST(Challenge, OffersTheStrongerAlgorithmFirst) {
  const Answer answer = challenge(padded_request(100), "penstock");
  const auto offered = stun::password_algorithms(answer.view());
  ASSERT_TRUE(offered);
  EXPECT_TRUE(std::ranges::equal(*offered, offered_algorithms_value()));
  EXPECT_EQ((*offered)[1], static_cast<std::uint8_t>(stun::PasswordAlgorithm::sha256));
  for (const auto algorithm : offered_algorithms()) EXPECT_TRUE(stun::lists(*offered, algorithm));
}

TEST(Challenge, DoesNotFitIntoTooSmallABuffer) {
  NonceSource nonces({}, 600, {});
  std::array<std::uint8_t, 95> out;
  EXPECT_EQ(
      write_challenge(out, padded_request(100).view(), stun::Error::unauthenticated, "penstock", nonces, kClient, 0),
      0u);
}

TEST(Challenge, ABadRequestIsSmallToo) {
  std::array<std::uint8_t, 64> out;
  EXPECT_LE(write_bad_request(out, padded_request(20).view()), 50u);
}

}  // namespace
}  // namespace penstock::turn
