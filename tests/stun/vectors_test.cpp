#include "tests/stun/vectors.h"

#include <gtest/gtest.h>

#include <array>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/integrity.h"
#include "dataplane/stun/long_term_key.h"
#include "dataplane/stun/nonce_cookie.h"
#include "tests/stun/hex.h"

namespace penstock::stun {
namespace {

using namespace testing;

const HmacSha1 kIceKey{bytes_of(kIcePassword)};

net::Endpoint endpoint(const char* text) {
  return net::parse_endpoint(text, 0).value();
}

TEST(Rfc5769, SampleRequest) {
  const auto bytes = hex(kSampleRequest);
  const auto message = MessageView::parse(bytes);
  ASSERT_TRUE(message) << to_string(message.error());
  EXPECT_TRUE(message->is(Method::binding, Class::request));
  EXPECT_EQ(to_hex(message->transaction_id()), "b7e7a701bc34d686fa87dfae");
  EXPECT_EQ(software(*message), "STUN test client");
  EXPECT_EQ(priority(*message), 0x6e0001ffu);
  EXPECT_EQ(ice_controlled(*message), 0x932ff9b151263b36u);
  EXPECT_EQ(username(*message), "evtj:h6vY");
  EXPECT_EQ(verify_integrity(*message, kIceKey), Verdict::valid);
  EXPECT_EQ(verify_fingerprint(*message), Verdict::valid);
  EXPECT_TRUE(message->unknown_required().empty());
}

TEST(Rfc5769, SampleIpv4Response) {
  const auto bytes = hex(kSampleIpv4Response);
  const auto message = MessageView::parse(bytes);
  ASSERT_TRUE(message) << to_string(message.error());
  EXPECT_TRUE(message->is(Method::binding, Class::success));
  EXPECT_EQ(software(*message), "test vector");
  EXPECT_EQ(xor_mapped_address(*message), endpoint("192.0.2.1:32853"));
  EXPECT_EQ(verify_integrity(*message, kIceKey), Verdict::valid);
  EXPECT_EQ(verify_fingerprint(*message), Verdict::valid);
}

TEST(Rfc5769, SampleIpv6Response) {
  const auto bytes = hex(kSampleIpv6Response);
  const auto message = MessageView::parse(bytes);
  ASSERT_TRUE(message) << to_string(message.error());
  EXPECT_EQ(xor_mapped_address(*message), endpoint("[2001:db8:1234:5678:11:2233:4455:6677]:32853"));
  EXPECT_EQ(verify_integrity(*message, kIceKey), Verdict::valid);
  EXPECT_EQ(verify_fingerprint(*message), Verdict::valid);
}

TEST(Rfc5769, LongTermRequest) {
  const auto bytes = hex(kLongTermRequest);
  const auto message = MessageView::parse(bytes);
  ASSERT_TRUE(message) << to_string(message.error());
  EXPECT_EQ(username(*message), kMatrixUser);
  EXPECT_EQ(nonce(*message), "f//499k954d6OL34oL9FSTvy64sA");
  EXPECT_EQ(realm(*message), kMatrixRealm);
  const auto key = long_term_key(PasswordAlgorithm::md5, kMatrixUser, kMatrixRealm, kMatrixPassword);
  EXPECT_EQ(verify_integrity(*message, HmacSha1(key.bytes())), Verdict::valid);
  EXPECT_EQ(verify_integrity_sha256(*message, HmacSha256(key.bytes())), Verdict::absent);
  EXPECT_EQ(verify_fingerprint(*message), Verdict::absent);
}

/// Its padding is zeros, as ours, so the builder must arrive at the same bytes.
TEST(Rfc5769, LongTermRequestRebuilt) {
  const auto expected = hex(kLongTermRequest);
  const auto original = MessageView::parse(expected);
  ASSERT_TRUE(original);
  const auto key = long_term_key(PasswordAlgorithm::md5, kMatrixUser, kMatrixRealm, kMatrixPassword);
  std::array<std::uint8_t, 200> out;
  const auto size = MessageBuilder(out, Method::binding, Class::request, original->transaction_id())
                        .username(kMatrixUser)
                        .nonce("f//499k954d6OL34oL9FSTvy64sA")
                        .realm(kMatrixRealm)
                        .message_integrity(HmacSha1(key.bytes()))
                        .finish();
  ASSERT_TRUE(size);
  EXPECT_EQ(to_hex(Bytes(out).first(*size)), to_hex(expected));
}

TEST(Rfc8489, Sha256Request) {
  const auto bytes = hex(kSha256Request);
  const auto message = MessageView::parse(bytes);
  ASSERT_TRUE(message) << to_string(message.error());
  const auto hash = userhash(*message);
  ASSERT_TRUE(hash);
  EXPECT_EQ(to_hex(*hash), to_hex(userhash(kMatrixUser, kMatrixRealm)));
  EXPECT_EQ(password_algorithm(*message)->algorithm, PasswordAlgorithm::sha256);
  EXPECT_EQ(security_features(*nonce(*message)), (SecurityFeatures{.username_anonymity = true}));
  const auto key = long_term_key(PasswordAlgorithm::sha256, kMatrixUser, kMatrixRealm, kMatrixPassword);
  EXPECT_EQ(verify_integrity_sha256(*message, HmacSha256(key.bytes())), Verdict::valid);
  const auto md5_key = long_term_key(PasswordAlgorithm::md5, kMatrixUser, kMatrixRealm, kMatrixPassword);
  EXPECT_EQ(verify_integrity_sha256(*message, HmacSha256(md5_key.bytes())), Verdict::mismatch);
}

TEST(Rfc8489, Sha256RequestRebuilt) {
  const auto expected = hex(kSha256Request);
  const auto original = MessageView::parse(expected);
  ASSERT_TRUE(original);
  const auto key = long_term_key(PasswordAlgorithm::sha256, kMatrixUser, kMatrixRealm, kMatrixPassword);
  std::array<std::uint8_t, 200> out;
  const auto size = MessageBuilder(out, Method::binding, Class::request, original->transaction_id())
                        .userhash(userhash(kMatrixUser, kMatrixRealm))
                        .nonce("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA")
                        .realm(kMatrixRealm)
                        .password_algorithm(PasswordAlgorithm::sha256)
                        .message_integrity_sha256(HmacSha256(key.bytes()))
                        .finish();
  ASSERT_TRUE(size);
  EXPECT_EQ(to_hex(Bytes(out).first(*size)), to_hex(expected));
}

}  // namespace
}  // namespace penstock::stun
