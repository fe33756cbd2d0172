#include "turn/guard/credentials.h"

#include <gmock/gmock.h>

#include "dataplane/stun/integrity.h"
#include "tests/turn/guard/request.h"
#include "turn/guard/base64.h"
#include "turn/guard/challenge.h"

namespace penstock::turn {
namespace {

using stun::PasswordAlgorithm;
using test::authenticated;
using test::Credential;

constexpr std::uint64_t kNow = 1'700'000'000;

Credentials compiled(std::vector<StaticUser> users, std::vector<SharedSecret> secrets = {}) {
  Settings settings;
  settings.users = std::move(users);
  settings.secrets = std::move(secrets);
  return Credentials::compile(settings).value();
}

std::string sha1_password(std::string_view secret, std::string_view user) {
  std::array<char, 64> out;
  return std::string(base64(stun::HmacSha1(stun::bytes_of(secret)).mac(stun::bytes_of(user)), out));
}
std::string sha256_password(std::string_view secret, std::string_view user) {
  std::array<char, 64> out;
  return std::string(base64(stun::HmacSha256(stun::bytes_of(secret)).mac(stun::bytes_of(user)), out));
}

TEST(Base64, EncodesTheVectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"},
                                                                 {"\xff\xfe\xfb", "//77"}};
  for (const auto& [text, encoded] : cases) {
    std::array<char, 16> out;
    EXPECT_EQ(base64(stun::bytes_of(text), out), encoded);
  }
}

TEST(Credentials, TheRestPasswordIsWhatOthersIssue) {
  // openssl dgst -sha1 -hmac 'north of the border' -binary | base64, of "1735689600:alice"
  EXPECT_EQ(sha1_password("north of the border", "1735689600:alice"), "2YtFKsOvHKptqgoxwqhMKOy8fJk=");
  EXPECT_EQ(sha256_password("north of the border", "1735689600:alice"), "RkpOjrVOEn8KwgkCMweZ0YePQy5hNGO7J5uCsw1nJNk=");
}

TEST(Credentials, StaticUsersWithEveryAlgorithmAndIntegrity) {
  const Credentials credentials = compiled({{"ada", "correct horse"}, {"bob", "b"}, {"J\xc3\xbcrgen", "\xc3\xbc"}});
  for (const auto algorithm : {PasswordAlgorithm::md5, PasswordAlgorithm::sha256}) {
    for (const bool sha256 : {false, true}) {
      for (const bool userhash : {false, true}) {
        Credential c{.key_algorithm = algorithm, .userhash = userhash, .sha1 = !sha256, .sha256 = sha256};
        const auto request = authenticated(c);
        const auto verified = credentials.verify(request.view(), algorithm, kNow);
        ASSERT_TRUE(verified);
        EXPECT_EQ(verified->name, "ada");
        EXPECT_EQ(verified->user, user_id("ada"));
        EXPECT_EQ(verified->expires_unix_s, 0u);
        // The keys returned are the client's: both kinds sign.
        const auto key = stun::long_term_key(algorithm, "ada", "penstock", "correct horse");
        EXPECT_EQ(verified->keys.sha1.mac({}), stun::HmacSha1(key.bytes()).mac({}));
        EXPECT_EQ(verified->keys.sha256.mac({}), stun::HmacSha256(key.bytes()).mac({}));

        c.password = "wrong horse";
        const auto wrong = authenticated(c);
        EXPECT_EQ(credentials.verify(wrong.view(), algorithm, kNow).error(), CredentialError::wrong_password);
        c = {.user = "eve", .key_algorithm = algorithm, .userhash = userhash};
        const auto unknown = authenticated(c);
        EXPECT_EQ(credentials.verify(unknown.view(), algorithm, kNow).error(), CredentialError::unknown_user);
      }
    }
  }
  const auto accents = authenticated({.user = "J\xc3\xbcrgen", .password = "\xc3\xbc"});
  EXPECT_TRUE(credentials.verify(accents.view(), PasswordAlgorithm::md5, kNow));
}

TEST(Credentials, AnyChangedByteIsNoticed) {
  const Credentials credentials = compiled({{"ada", "correct horse"}});
  const auto genuine = authenticated({});
  for (std::size_t i = 8; i < genuine.view().bytes().size(); ++i) {
    auto damaged = genuine;
    damaged.bytes()[i] ^= 1;
    const auto view = stun::MessageView::parse(damaged.bytes());
    if (view) {
      EXPECT_FALSE(credentials.verify(*view, PasswordAlgorithm::md5, kNow)) << i;
    }
  }
}

TEST(Credentials, EphemeralUsersWithEverySecretHashAndAlgorithm) {
  const Credentials credentials = compiled({}, {{"first"}, {"second"}, {"third"}});
  const std::string user = "1700000100:alice";
  for (const char* secret : {"first", "second", "third"}) {
    for (const auto& password : {sha1_password(secret, user), sha256_password(secret, user)}) {
      for (const auto algorithm : {PasswordAlgorithm::md5, PasswordAlgorithm::sha256}) {
        for (const bool sha256 : {false, true}) {
          const auto request = authenticated(
              {.user = user, .password = password, .key_algorithm = algorithm, .sha1 = !sha256, .sha256 = sha256});
          const auto verified = credentials.verify(request.view(), algorithm, kNow);
          ASSERT_TRUE(verified) << secret;
          EXPECT_EQ(verified->name, "alice");
          EXPECT_EQ(verified->user, user_id("alice"));
          EXPECT_EQ(verified->expires_unix_s, 1700000100u);
          const auto key = stun::long_term_key(algorithm, user, "penstock", password);
          EXPECT_EQ(verified->keys.sha1.mac({}), stun::HmacSha1(key.bytes()).mac({}));
          EXPECT_EQ(verified->keys.sha256.mac({}), stun::HmacSha256(key.bytes()).mac({}));
        }
      }
    }
  }
  const auto wrong = authenticated({.user = user, .password = sha1_password("fourth", user)});
  EXPECT_EQ(credentials.verify(wrong.view(), PasswordAlgorithm::md5, kNow).error(), CredentialError::wrong_password);
  const auto another = authenticated({.user = "1700000101:alice", .password = sha1_password("first", user)});
  EXPECT_FALSE(credentials.verify(another.view(), PasswordAlgorithm::md5, kNow)) << "a later expiry needs its own";
}

TEST(Credentials, EphemeralOnesEndWithTheirTimestamp) {
  const Credentials credentials = compiled({}, {{"first"}});
  for (const std::string user : {"1700000000:alice", "alice:1700000000", "1700000000"}) {
    const auto request = authenticated({.user = user, .password = sha1_password("first", user)});
    EXPECT_TRUE(credentials.verify(request.view(), PasswordAlgorithm::md5, 1700000000)) << user;
    EXPECT_EQ(credentials.verify(request.view(), PasswordAlgorithm::md5, 1700000001).error(), CredentialError::expired);
    const UserId owner = user_id(user == "1700000000" ? user : "alice");
    EXPECT_TRUE(credentials.verify(request.view(), PasswordAlgorithm::md5, 1700000001, &owner)) << user;
    const UserId bob = user_id("bob");
    EXPECT_FALSE(credentials.verify(request.view(), PasswordAlgorithm::md5, 1700000001, &bob)) << user;
  }
}

TEST(Credentials, TheTimestampIsNotPartOfTheUser) {
  const Credentials credentials = compiled({}, {{"first"}});
  std::vector<UserId> ids;
  for (const std::string user : {"1700000100:alice", "1700000200:alice", "alice:1700000300"}) {
    const auto request = authenticated({.user = user, .password = sha1_password("first", user)});
    ids.push_back(credentials.verify(request.view(), PasswordAlgorithm::md5, kNow)->user);
  }
  EXPECT_THAT(ids, testing::Each(user_id("alice")));
}

TEST(Credentials, AUserhashOfAnEphemeralUserIsUnknown) {
  const Credentials credentials = compiled({{"ada", "correct horse"}}, {{"first"}});
  const std::string user = "1700000100:alice";
  const auto request = authenticated({.user = user, .password = sha1_password("first", user), .userhash = true});
  EXPECT_EQ(credentials.verify(request.view(), PasswordAlgorithm::md5, kNow).error(), CredentialError::unknown_user);
  EXPECT_FALSE(credentials.announces_username_anonymity());
  EXPECT_TRUE(compiled({{"ada", "x"}}).announces_username_anonymity());
  EXPECT_FALSE(compiled({}).announces_username_anonymity());
}

TEST(Credentials, ATruncatedIntegrityIsMalformed) {
  const Credentials credentials = compiled({{"ada", "correct horse"}});
  const test::Request request([](stun::MessageBuilder& b) {
    const std::array<std::uint8_t, 16> half{};
    b.username("ada")
        .realm("penstock")
        .nonce("n")
        .attribute(static_cast<std::uint16_t>(stun::AttributeType::message_integrity_sha256), half);
  });
  EXPECT_EQ(credentials.verify(request.view(), PasswordAlgorithm::md5, kNow).error(), CredentialError::malformed);
}

TEST(Credentials, OfSha1AndSha256TheLatterCounts) {
  const Credentials credentials = compiled({{"ada", "correct horse"}});
  auto request = authenticated({.sha1 = true, .sha256 = true});
  EXPECT_TRUE(credentials.verify(request.view(), PasswordAlgorithm::md5, kNow));
  request.bytes().back() ^= 1;  // of MESSAGE-INTEGRITY-SHA256
  EXPECT_FALSE(credentials.verify(request.view(), PasswordAlgorithm::md5, kNow));
}

TEST(Credentials, SayWhatCannotBeUsed) {
  const auto error = [](std::string realm, std::vector<StaticUser> users, std::vector<SharedSecret> secrets) {
    Settings settings;
    settings.realm = std::move(realm);
    settings.users = std::move(users);
    settings.secrets = std::move(secrets);
    return Credentials::compile(settings).error();
  };
  using testing::HasSubstr;
  EXPECT_THAT(error("", {}, {}), HasSubstr("realm ''"));
  EXPECT_THAT(error(std::string(kLongestRealm + 1, 'r'), {}, {}), HasSubstr("65 bytes"));
  EXPECT_THAT(error("r", {{"", "x"}}, {}), HasSubstr("user name ''"));
  EXPECT_THAT(error("r", {{"ada", ""}}, {}), HasSubstr("password of user 'ada'"));
  EXPECT_THAT(error("r", {{"ada", "tab\t"}}, {}), testing::Not(HasSubstr("tab"))) << "no password in a log";
  EXPECT_THAT(error("r", {{std::string(509, 'u'), "x"}}, {}), HasSubstr("508"));
  EXPECT_THAT(error("r", {{"ada", "x"}, {"bob", "y"}, {"ada", "z"}}, {}), HasSubstr("'ada' is configured twice"));
  EXPECT_THAT(error("r", {}, {{""}}), HasSubstr("secret is empty"));
}

}  // namespace
}  // namespace penstock::turn
