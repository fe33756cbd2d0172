#include "turn/guard/nonce.h"

#include <gmock/gmock.h>

#include <set>
#include <string>

namespace penstock::turn {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kLifetime_s = 600;
constexpr std::uint64_t kLifetime = kLifetime_s * kSecond;
constexpr NonceSecret kSecret{1, 2, 3};
const net::Endpoint kClient{net::Address::v4(0xc6336401), 5000};
using Form = NonceSource::Form;

NonceSource source(const NonceSecret& secret = kSecret, stun::SecurityFeatures features = {true, true}) {
  return {secret, kLifetime_s, features};
}

TEST(Nonce, IsFreshForItsLifetimeAndThenStaleAndThenUnknown) {
  for (const std::uint64_t issued : {std::uint64_t{0}, kLifetime - 1, kLifetime, kLifetime * 7 / 2, 1000 * kLifetime}) {
    for (const Form form : {Form::bare, Form::announcing}) {
      NonceSource nonces = source();
      const std::string nonce(nonces.issue(kClient, issued, form).view());
      const std::uint64_t tick = kLifetime / 128;
      EXPECT_EQ(nonces.verify(nonce, kClient, issued), NonceVerdict::fresh);
      EXPECT_EQ(nonces.verify(nonce, kClient, issued + kLifetime - tick), NonceVerdict::fresh) << issued;
      EXPECT_NE(nonces.verify(nonce, kClient, issued + kLifetime + tick), NonceVerdict::fresh) << issued;
      EXPECT_EQ(nonces.verify(nonce, kClient, issued + 2 * kLifetime), NonceVerdict::forged) << issued;
      EXPECT_EQ(nonces.verify(nonce, kClient, issued + 256 * kLifetime), NonceVerdict::forged) << issued;
    }
  }
}

TEST(Nonce, OfTheMiddleOfAnEpochIsKnownToBeStale) {
  NonceSource nonces = source();
  const std::string nonce(nonces.issue(kClient, kLifetime / 2, Form::bare).view());
  EXPECT_EQ(nonces.verify(nonce, kClient, kLifetime / 2 + kLifetime + kLifetime / 4), NonceVerdict::stale);
}

TEST(Nonce, IsForItsClientAlone) {
  NonceSource nonces = source();
  const std::string nonce(nonces.issue(kClient, 0, Form::announcing).view());
  net::Endpoint other_port = kClient;
  ++other_port.port;
  EXPECT_EQ(nonces.verify(nonce, other_port, 0), NonceVerdict::forged);
  EXPECT_EQ(nonces.verify(nonce, {net::Address::v4(0xc6336402), 5000}, 0), NonceVerdict::forged);
  // RFC 8489 section 9.2.4: never the same nonce for two addresses.
  EXPECT_NE(nonces.issue(other_port, 0, Form::announcing).view(), nonce);
}

TEST(Nonce, WorkersAgreeWithoutTalking) {
  NonceSource one = source();
  NonceSource other = source();
  for (std::uint64_t now = 0; now < 5 * kLifetime; now += kLifetime / 3) {
    const std::string nonce(one.issue(kClient, now, Form::bare).view());
    EXPECT_EQ(other.verify(nonce, kClient, now + kSecond), NonceVerdict::fresh);
    EXPECT_EQ(other.issue(kClient, now, Form::bare).view(), nonce);
  }
}

TEST(Nonce, AWorkerThatSleptThroughEpochsKnowsTheLastKey) {
  for (const std::uint64_t slept : {std::uint64_t{0}, 3 * kLifetime, 4 * kLifetime}) {
    NonceSource awake = source(), sleeper = source();
    sleeper.issue(kClient, 0, Form::bare);
    const std::uint64_t issued = slept + kLifetime - kSecond;
    const std::string nonce(awake.issue(kClient, issued, Form::bare).view());
    EXPECT_EQ(sleeper.verify(nonce, kClient, issued + 2 * kSecond), NonceVerdict::fresh) << slept;
  }
}

TEST(Nonce, AClockATickBehindStillFindsItFresh) {
  NonceSource nonces = source();
  const std::string nonce(nonces.issue(kClient, kLifetime / 2 + kLifetime / 128, Form::bare).view());
  EXPECT_EQ(nonces.verify(nonce, kClient, kLifetime / 2), NonceVerdict::fresh);
}

TEST(Nonce, OfAnotherProcessOrWithOtherFeaturesIsForged) {
  NonceSource nonces = source();
  const std::string announcing(nonces.issue(kClient, 0, Form::announcing).view());
  NonceSecret other_secret = kSecret;
  other_secret[31] ^= 1;
  EXPECT_EQ(source(other_secret).verify(announcing, kClient, 0), NonceVerdict::forged);
  EXPECT_EQ(source(kSecret, {true, false}).verify(announcing, kClient, 0), NonceVerdict::forged);
}

TEST(Nonce, AnyChangedCharacterIsNoticed) {
  NonceSource nonces = source();
  for (const Form form : {Form::bare, Form::announcing}) {
    const std::string nonce(nonces.issue(kClient, kLifetime / 3, form).view());
    for (std::size_t i = 0; i < nonce.size(); ++i) {
      for (const char c : {'A', 'z', '/', '=', '\0', '\xff'}) {
        std::string forged = nonce;
        forged[i] = c;
        if (forged == nonce) continue;
        EXPECT_EQ(nonces.verify(forged, kClient, kLifetime / 3), NonceVerdict::forged) << i;
      }
    }
  }
}

TEST(Nonce, NeitherCutNorExtendedNorWithItsPrefixSwapped) {
  NonceSource nonces = source();
  const std::string bare(nonces.issue(kClient, 0, Form::bare).view());
  const std::string announcing(nonces.issue(kClient, 0, Form::announcing).view());
  for (const std::string& forged :
       {std::string(), bare.substr(1), bare + "A", announcing.substr(stun::kNoncePrefixBytes),
        announcing.substr(0, stun::kNoncePrefixBytes) + bare.substr(0, 11), announcing + "A", std::string(127, 'f'),
        std::string(763, 'A')}) {
    EXPECT_EQ(nonces.verify(forged, kClient, 0), NonceVerdict::forged) << forged;
  }
}

TEST(Nonce, AnnouncesFeaturesOnlyInTheFormThatDoes) {
  NonceSource nonces = source(kSecret, {.password_algorithms = true, .username_anonymity = false});
  const auto announcing = nonces.issue(kClient, 0, Form::announcing);
  const auto features = stun::security_features(announcing.view());
  ASSERT_TRUE(features);
  EXPECT_TRUE(features->password_algorithms);
  EXPECT_FALSE(features->username_anonymity);
  EXPECT_FALSE(stun::security_features(nonces.issue(kClient, 0, Form::bare).view()));
  EXPECT_LT(announcing.view().size(), 128u);  // RFC 8489 section 14.10
}

}  // namespace
}  // namespace penstock::turn
