#include "dataplane/stun/nonce_cookie.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::stun {
namespace {

TEST(NonceCookie, BitsCountFromTheRight) {
  const struct {
    const char* prefix;
    SecurityFeatures features;
  } cases[] = {
      {"obMatJos2AAAA", {}},
      {"obMatJos2AAAB", {.password_algorithms = true, .username_anonymity = false}},
      {"obMatJos2AAAC", {.password_algorithms = false, .username_anonymity = true}},
      {"obMatJos2AAAD", {.password_algorithms = true, .username_anonymity = true}},
  };
  for (const auto& [prefix, features] : cases) {
    const auto written = nonce_prefix(features);
    EXPECT_EQ(std::string(written.begin(), written.end()), prefix);
    EXPECT_EQ(security_features(prefix), features) << prefix;
    EXPECT_EQ(security_features(std::string(prefix) + "more"), features) << prefix;
  }
}

TEST(NonceCookie, UnassignedBitsAreIgnored) {
  EXPECT_EQ(security_features("obMatJos2///8"), SecurityFeatures{});
  EXPECT_EQ(security_features("obMatJos2////"), (SecurityFeatures{true, true}));
}

TEST(NonceCookie, OtherNoncesAnnounceNothing) {
  for (const char* nonce :
       {"", "obMatJos2", "obMatJos2AAA", "obMatJos2AA*A", "ObMatJos2AAAA", "f//499k954d6OL34oL9F"}) {
    EXPECT_EQ(security_features(nonce), std::nullopt) << nonce;
  }
}

}  // namespace
}  // namespace penstock::stun
