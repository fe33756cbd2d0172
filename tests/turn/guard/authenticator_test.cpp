#include "turn/guard/authenticator.h"

#include <gmock/gmock.h>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/integrity.h"
#include "tests/turn/guard/request.h"
#include "turn/guard/base64.h"
#include "turn/guard/challenge.h"

namespace penstock::turn {
namespace {

using Result = AuthenticationResult;
using stun::PasswordAlgorithm;
using test::authenticated;
using test::Credential;

const net::Endpoint kClient{net::Address::v4(0xc6336401), 5000};
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr Moment kNow{.monotonic_ns = 12345 * kSecond, .unix_s = 1'700'000'000};
const std::vector kBoth{PasswordAlgorithm::sha256, PasswordAlgorithm::md5};

std::shared_ptr<const Credentials> credentials(const Settings& settings) {
  return std::make_shared<const Credentials>(Credentials::compile(settings).value());
}
Settings static_users() {
  Settings settings;
  settings.users = {{"ada", "correct horse"}, {"bob", "b"}};
  return settings;
}

class AuthenticatorTest : public testing::Test {
 protected:
  /// What the server says to `request`, read as a client reads it.
  struct Challenge {
    std::uint16_t code = 0;
    std::string nonce;
    bool announcing = false;
  };
  Challenge error_answer(const test::Request& request, Result result, Moment now = kNow) {
    std::array<std::uint8_t, kLongestChallenge> out;
    const std::size_t size = authenticator_.write_error(out, request.view(), result, kClient, now.monotonic_ns);
    EXPECT_NE(size, 0u);
    const auto answer = stun::MessageView::parse(stun::Bytes(out).first(size)).value();
    EXPECT_FALSE(answer.has(stun::AttributeType::username));
    EXPECT_FALSE(answer.has(stun::AttributeType::message_integrity));
    EXPECT_FALSE(answer.has(stun::AttributeType::message_integrity_sha256));
    Challenge challenge{stun::error_code(answer)->code, std::string(stun::nonce(answer).value_or("")), false};
    challenge.announcing = answer.has(stun::AttributeType::password_algorithms);
    return challenge;
  }
  std::string nonce(bool announcing = true, Moment now = kNow) {
    const auto request = test::Request([&](stun::MessageBuilder& b) {
      b.requested_transport(stun::kTransportUdp);
      if (announcing) b.software("a client that says who it is");
    });
    const Challenge challenge = error_answer(request, Result::unauthenticated, now);
    EXPECT_EQ(challenge.announcing, announcing);
    return challenge.nonce;
  }
  Authentication run(const test::Request& request, Moment now = kNow, const net::Endpoint& client = kClient) {
    return authenticator_.authenticate(request.view(), client, now);
  }

  Authenticator authenticator_{credentials(static_users()), NonceSecret{7}, 600};
};

TEST_F(AuthenticatorTest, ABrowserOfToday) {
  const auto first = run(test::bare_allocate());
  EXPECT_EQ(first.result, Result::unauthenticated);
  EXPECT_FALSE(first.address_proved());
  const auto request = authenticated({.nonce = nonce(false)});
  const Authentication second = run(request);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second.who.user, user_id("ada"));
  EXPECT_EQ(second.integrity, IntegrityKind::sha1);
  EXPECT_TRUE(second.address_proved());
}

TEST_F(AuthenticatorTest, AnOldClientIgnoresAnAnnouncingNonce) {
  EXPECT_TRUE(run(authenticated({.nonce = nonce(true)})).ok());
}

TEST_F(AuthenticatorTest, AClientThatSpeaksRfc8489) {
  for (const auto algorithm : kBoth) {
    for (const bool userhash : {false, true}) {
      const auto request = authenticated({.nonce = nonce(),
                                          .key_algorithm = algorithm,
                                          .echoed = kBoth,
                                          .algorithm = {algorithm},
                                          .userhash = userhash,
                                          .sha1 = false,
                                          .sha256 = true});
      const Authentication done = run(request);
      ASSERT_TRUE(done.ok());
      EXPECT_EQ(done.who.keys.algorithm, algorithm);
      EXPECT_EQ(done.integrity, IntegrityKind::sha256);
    }
  }
}

TEST_F(AuthenticatorTest, TheChecksInTheirOrder) {
  const std::string good = nonce();
  const std::string bare = nonce(false);
  const Credential sha256{.nonce = good,
                          .key_algorithm = PasswordAlgorithm::sha256,
                          .echoed = kBoth,
                          .algorithm = {PasswordAlgorithm::sha256},
                          .sha1 = false,
                          .sha256 = true};
  const auto with = [](Credential c, auto change) {
    change(c);
    return authenticated(c);
  };
  struct Case {
    const char* what;
    test::Request request;
    Result result;
  };
  const Case cases[] = {
      {"right", authenticated(sha256), Result::authenticated},
      {"no integrity", test::bare_allocate(), Result::unauthenticated},
      {"no integrity, but a nonce", test::Request([&](auto& b) { b.username("ada").realm("penstock").nonce(good); }),
       Result::unauthenticated},
      {"list without choice", with(sha256, [](auto& c) { c.algorithm.clear(); }), Result::bad_request},
      {"choice without list", with(sha256, [](auto& c) { c.echoed.clear(); }), Result::bad_request},
      {"SHA-256 struck from the list", with(sha256, [](auto& c) { c.echoed = {PasswordAlgorithm::md5}; }),
       Result::bad_request},
      {"list in another order",
       with(sha256, [](auto& c) { c.echoed = {PasswordAlgorithm::md5, PasswordAlgorithm::sha256}; }),
       Result::bad_request},
      {"an algorithm nobody offered", with(sha256, [](auto& c) { c.algorithm = {PasswordAlgorithm{3}}; }),
       Result::bad_request},
      {"a list where none was sent", with(sha256, [&](auto& c) { c.nonce = bare; }), Result::bad_request},
      {"a bad list comes before a wrong password",
       with(sha256,
            [](auto& c) {
              c.echoed = {PasswordAlgorithm::md5};
              c.password = "wrong";
            }),
       Result::bad_request},
      {"MD5 key under SHA-256", with(sha256, [](auto& c) { c.key_algorithm = PasswordAlgorithm::md5; }),
       Result::wrong_credentials},
      {"wrong password", with(sha256, [](auto& c) { c.password = "wrong"; }), Result::wrong_credentials},
      {"unknown user", with(sha256, [](auto& c) { c.user = "eve"; }), Result::wrong_credentials},
      {"another realm", with(sha256, [](auto& c) { c.realm = "elsewhere"; }), Result::wrong_credentials},
      {"another realm, key of ours",
       with(sha256,
            [](auto& c) {
              c.realm = "elsewhere";
              c.key_realm = "penstock";
            }),
       Result::wrong_credentials},
      {"wrong password comes before a forged nonce", with({}, [](auto& c) { c.password = "wrong"; }),
       Result::wrong_credentials},
      {"forged nonce", authenticated({}), Result::stale_nonce},
      {"forged nonce with the cookie", with(sha256, [&](auto& c) { c.nonce = good.substr(0, 13) + "AAAAAAAAAAA"; }),
       Result::stale_nonce},
      {"empty nonce", with({}, [](auto& c) { c.nonce = ""; }), Result::stale_nonce},
  };
  for (const Case& c : cases) EXPECT_EQ(run(c.request).result, c.result) << c.what;
}

TEST_F(AuthenticatorTest, IntegrityWithoutUserRealmOrNonceIsABadRequest) {
  const std::string good = nonce();
  for (int missing = 0; missing < 3; ++missing) {
    const test::Request request([&](stun::MessageBuilder& b) {
      if (missing != 0) b.username("ada");
      if (missing != 1) b.realm("penstock");
      if (missing != 2) b.nonce(good);
      b.message_integrity(stun::HmacSha1(stun::bytes_of("any")));
    });
    EXPECT_EQ(run(request).result, Result::bad_request) << missing;
    const auto answer = error_answer(request, Result::bad_request);
    EXPECT_EQ(answer.code, 400);
    EXPECT_EQ(answer.nonce, "");
  }
}

TEST_F(AuthenticatorTest, AStaleNonceIsReplacedAndOffersEverything) {
  const auto request = authenticated({.nonce = nonce(false)});
  Moment later = kNow;
  later.monotonic_ns += 601 * kSecond;
  const Authentication stale = run(request, later);
  EXPECT_EQ(stale.result, Result::stale_nonce);
  const auto answer = error_answer(request, stale.result, later);
  EXPECT_EQ(answer.code, 438);
  EXPECT_TRUE(answer.announcing);
  EXPECT_TRUE(run(authenticated({.nonce = answer.nonce}), later).ok());
}

TEST_F(AuthenticatorTest, ANonceReplayedFromAnotherPortProvesNothing) {
  const auto request = authenticated({.nonce = nonce()});
  const Authentication replayed = run(request, kNow, {kClient.address, 5001});
  EXPECT_EQ(replayed.result, Result::stale_nonce);
  EXPECT_FALSE(replayed.address_proved());
  // While a wrong password from the right address is an answer that cannot be a reflection.
  const Authentication wrong = run(authenticated({.password = "wrong", .nonce = nonce()}));
  EXPECT_EQ(wrong.result, Result::wrong_credentials);
  EXPECT_TRUE(wrong.address_proved());
}

TEST_F(AuthenticatorTest, TheOwnerOfAnAllocationMayUseExpiredCredentials) {
  Settings settings;
  settings.secrets = {{"first"}};
  authenticator_.replace(credentials(settings), 600);
  const std::string user = "1699999999:alice";
  std::array<char, 64> text;
  const std::string password(base64(stun::HmacSha1(stun::bytes_of("first")).mac(stun::bytes_of(user)), text));
  const auto request = authenticated({.user = user, .password = password, .nonce = nonce()});
  EXPECT_EQ(run(request).result, Result::wrong_credentials);
  const UserId alice = user_id("alice");
  EXPECT_TRUE(authenticator_.authenticate(request.view(), kClient, kNow, &alice).ok());
  // The name is someone else's, the expiry stands.
  const UserId bob = user_id("bob");
  EXPECT_EQ(authenticator_.authenticate(request.view(), kClient, kNow, &bob).result, Result::wrong_credentials);
}

TEST_F(AuthenticatorTest, AReloadKeepsNoncesGood) {
  const auto request = authenticated({.nonce = nonce()});
  Settings settings = static_users();
  settings.users.push_back({"eve", "e"});
  authenticator_.replace(credentials(settings), 600);
  EXPECT_TRUE(run(request).ok());
  settings.users.erase(settings.users.begin());
  authenticator_.replace(credentials(settings), 600);
  EXPECT_EQ(run(request).result, Result::wrong_credentials);
}

TEST_F(AuthenticatorTest, AnswersAreSignedAsTheClientExpects) {
  const auto key = stun::long_term_key(PasswordAlgorithm::md5, "ada", "penstock", "correct horse");
  struct Case {
    Credential credential;
    stun::Verdict sha1;
    stun::Verdict sha256;
  };
  const Case cases[] = {
      {{.nonce = nonce()}, stun::Verdict::valid, stun::Verdict::absent},
      {{.nonce = nonce(), .echoed = kBoth, .algorithm = {PasswordAlgorithm::md5}, .sha1 = false, .sha256 = true},
       stun::Verdict::absent,
       stun::Verdict::valid},
      {{.nonce = nonce(), .sha1 = false, .sha256 = true}, stun::Verdict::valid, stun::Verdict::valid},
  };
  for (const Case& c : cases) {
    const auto request = authenticated(c.credential);
    const Authentication done = run(request);
    ASSERT_TRUE(done.ok());
    std::array<std::uint8_t, 200> out;
    auto builder = stun::MessageBuilder::success(out, request.view());
    sign(builder.lifetime(600), done);
    const auto size = builder.fingerprint().finish();
    ASSERT_TRUE(size);
    const auto answer = stun::MessageView::parse(stun::Bytes(out).first(*size)).value();
    EXPECT_EQ(stun::verify_integrity(answer, stun::HmacSha1(key.bytes())), c.sha1);
    EXPECT_EQ(stun::verify_integrity_sha256(answer, stun::HmacSha256(key.bytes())), c.sha256);
  }
}

}  // namespace
}  // namespace penstock::turn
