// Which bearer tokens are good, and why others are not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "control/whip/entity_tag.h"
#include "control/whip/options.h"
#include "control/whip/token.h"
#include "tests/control/whip_tokens.h"

namespace penstock::control::whip {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kSecrets = {kOtherSecret, kSecret};

TEST(Token, NamesRoomAndRole) {
  const auto publish = verify_token(token_for("lobby", "publish"), kSecrets, kNow);
  ASSERT_TRUE(publish) << publish.error();
  EXPECT_EQ(publish->room, "lobby");
  EXPECT_EQ(publish->role, Permission::publish);
  EXPECT_EQ(verify_token(token_for("lobby", "subscribe"), kSecrets, kNow)->role, Permission::subscribe);
}

TEST(Token, EveryLiveSecretIsGood) {
  const std::string claims = R"({"room":"r","role":"publish","exp":1800000060})";
  EXPECT_TRUE(verify_token(token_of(claims, kOtherSecret), kSecrets, kNow));
  EXPECT_TRUE(verify_token(token_of(claims, kSecret), kSecrets, kNow));
  EXPECT_FALSE(verify_token(token_of(claims, kSecret), {}, kNow));
  EXPECT_FALSE(verify_token(token_of(claims, kSecret), std::vector<std::string>{""}, kNow));
}

struct Bad {
  const char* name;
  std::string token;
  const char* reason;
};

const std::string kGood = R"({"room":"r","role":"publish","exp":1800000060})";
// {"alg":"none","typ":"JWT"} . {"room":"r","role":"publish","exp":1900000000} .
const std::string kUnsigned =
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJyb29tIjoiciIsInJvbGUiOiJwdWJsaXNoIiwiZXhwIjoxOTAwMDAwMDAwfQ.";
const std::string kTokenOfGood = token_of(kGood);

const Bad kBad[] = {
    {"empty", "", "not signed"},
    {"no_jwt", "hello", "not signed"},
    {"dots", "...", "not signed"},
    {"not_base64", "a$b.c$d.e$f", "not signed"},
    {"unknown_secret", token_of(kGood, "a secret that nobody here has heard of"), "not signed"},
    {"none", kUnsigned, "not signed"},
    {"none_with_a_signature", kUnsigned + "c2lnbmF0dXJl", "not signed"},
    {"hs384", token_of(kGood, kSecret, JWT_ALG_HS384), "not signed with HS256"},
    {"hs512", token_of(kGood, kSecret, JWT_ALG_HS512), "not signed with HS256"},
    {"cut_signature", kTokenOfGood.substr(0, kTokenOfGood.size() - 4), "not signed"},
    {"no_signature", kTokenOfGood.substr(0, kTokenOfGood.rfind('.') + 1), "not signed"},
    {"other_claims",
     kUnsigned.substr(0, 0) + kTokenOfGood.substr(0, kTokenOfGood.find('.')) +
         ".eyJyb29tIjoiciIsInJvbGUiOiJwdWJsaXNoIiwiZXhwIjoxOTAwMDAwMDAwfQ" +
         kTokenOfGood.substr(kTokenOfGood.rfind('.')),
     "not signed"},
    {"too_long", std::string(5000, 'a'), "too long"},
    {"no_exp", token_of(R"({"room":"r","role":"publish"})"), "no exp"},
    {"exp_as_text", token_of(R"({"room":"r","role":"publish","exp":"1900000000"})"), "no exp"},
    {"expired", token_of(R"({"room":"r","role":"publish","exp":1799999999})"), "expired"},
    {"expires_now", token_of(R"({"room":"r","role":"publish","exp":1800000000})"), "expired"},
    {"not_yet", token_of(R"({"room":"r","role":"publish","exp":1800000060,"nbf":1800000030})"), "not valid yet"},
    {"nbf_as_text", token_of(R"({"room":"r","role":"publish","exp":1800000060,"nbf":"now"})"), "nbf"},
    {"no_room", token_of(R"({"role":"publish","exp":1800000060})"), "no room"},
    {"room_as_number", token_of(R"({"room":1,"role":"publish","exp":1800000060})"), "no room"},
    {"no_role", token_of(R"({"room":"r","exp":1800000060})"), "no role"},
    {"other_role", token_of(R"({"room":"r","role":"admin","exp":1800000060})"), "neither publish nor subscribe"},
    {"other_audience", token_of(R"({"room":"r","role":"publish","exp":1800000060,"aud":"bank"})"), "another audience"},
    {"critical_header", token_of(kGood, kSecret, JWT_ALG_HS256, R"({"crit":["b64"],"b64":false})"), "critical"},
};

class BadToken : public testing::TestWithParam<Bad> {};

TEST_P(BadToken, IsRefusedWithAReason) {
  const auto claims = verify_token(GetParam().token, kSecrets, kNow);
  ASSERT_FALSE(claims);
  EXPECT_THAT(claims.error(), HasSubstr(GetParam().reason));
  EXPECT_EQ(claims.error().find('"'), std::string::npos) << "it goes into a header";
}

INSTANTIATE_TEST_SUITE_P(, BadToken, testing::ValuesIn(kBad), [](const auto& row) { return row.param.name; });

TEST(Token, DatesMayHaveFractionsAndClocksMayDiffer) {
  EXPECT_TRUE(verify_token(token_of(R"({"room":"r","role":"publish","exp":1800000000.5})"), kSecrets, kNow));
  EXPECT_TRUE(
      verify_token(token_of(R"({"room":"r","role":"publish","exp":1800000060,"nbf":1800000003})"), kSecrets, kNow));
}

TEST(Token, AnAudienceMayBeUs) {
  EXPECT_TRUE(verify_token(token_of(R"({"room":"r","role":"publish","exp":1800000060,"aud":["x","penstock"]})"),
                           kSecrets, kNow));
}

TEST(Secret, HasToBeLong) {
  EXPECT_TRUE(check_secret(kSecret));
  EXPECT_THAT(check_secret("short").error(), HasSubstr("at least 32"));
}

TEST(EntityTag, IfMatchNamesItOrAnything) {
  const std::string tag = entity_tag("a+b/");
  EXPECT_TRUE(if_match("\"a+b/\"", tag));
  EXPECT_TRUE(if_match("\"x\" ,\t\"a+b/\"", tag));
  EXPECT_TRUE(if_match("*", tag));
  EXPECT_TRUE(if_match("\"*\"", tag));
  for (const char* other : {"", "a+b/", "\"a+b\"", "W/\"a+b/\"", ","}) EXPECT_FALSE(if_match(other, tag)) << other;
}

}  // namespace
}  // namespace penstock::control::whip
