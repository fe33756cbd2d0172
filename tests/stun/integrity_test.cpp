#include "dataplane/stun/integrity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dataplane/stun/builder.h"
#include "dataplane/stun/long_term_key.h"
#include "tests/stun/hex.h"

namespace penstock::stun {
namespace {

constexpr TransactionId kId{};
const HmacSha1 kSha1Key{bytes_of("key")};
const HmacSha256 kSha256Key{bytes_of("key")};

/// A request with the tail that `close` appends.
template <class Close>
std::vector<std::uint8_t> request(Close close) {
  std::vector<std::uint8_t> out(500);
  MessageBuilder builder(out, Method::allocate, Class::request, kId);
  builder.username("user").lifetime(600);
  close(builder);
  out.resize(builder.finish().value());
  return out;
}

void append(std::vector<std::uint8_t>& message, std::uint16_t type, Bytes value) {
  const std::size_t at = message.size();
  message.resize(at + kAttributeHeaderBytes + padded(value.size()));
  store_be16(&message[at], type);
  store_be16(&message[at + 2], static_cast<std::uint16_t>(value.size()));
  std::ranges::copy(value, message.begin() + at + kAttributeHeaderBytes);
  store_be16(&message[2], static_cast<std::uint16_t>(message.size() - kHeaderBytes));
}

MessageView parse(const std::vector<std::uint8_t>& bytes) {
  return MessageView::parse(bytes).value();
}

TEST(Integrity, EveryFlippedBitBeforeTheMacIsNoticed) {
  auto bytes = request([](auto& b) { b.message_integrity(kSha1Key).message_integrity_sha256(kSha256Key); });
  ASSERT_EQ(verify_integrity(parse(bytes), kSha1Key), Verdict::valid);
  ASSERT_EQ(verify_integrity_sha256(parse(bytes), kSha256Key), Verdict::valid);
  const std::size_t mac_end = parse(bytes).offset_of(AttributeType::message_integrity) + 24;
  for (std::size_t bit = 0; bit < mac_end * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    if (const auto view = MessageView::parse(bytes)) {
      EXPECT_NE(verify_integrity(*view, kSha1Key), Verdict::valid) << bit;
      EXPECT_NE(verify_integrity_sha256(*view, kSha256Key), Verdict::valid) << bit;
    }
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST(Integrity, WrongKeyNoKeyNoAttribute) {
  const auto bytes = request([](auto& b) { b.message_integrity(kSha1Key); });
  EXPECT_EQ(verify_integrity(parse(bytes), HmacSha1(bytes_of("other"))), Verdict::mismatch);
  EXPECT_EQ(verify_integrity(parse(bytes), HmacSha1()), Verdict::mismatch);
  EXPECT_EQ(verify_integrity_sha256(parse(bytes), kSha256Key), Verdict::absent);
  const auto sha256 = request([](auto& b) { b.message_integrity_sha256(kSha256Key); });
  EXPECT_EQ(verify_integrity(parse(sha256), kSha1Key), Verdict::absent);
  EXPECT_EQ(verify_integrity_sha256(parse(sha256), HmacSha256(bytes_of("other"))), Verdict::mismatch);
  EXPECT_EQ(verify_integrity_sha256(parse(sha256), HmacSha256()), Verdict::mismatch);
}

/// What an attacker would send who knows that a key object was never filled.
TEST(Integrity, MacUnderTheStateOfNoKeyIsRefused) {
  auto bytes = request([](auto&) {});
  const std::size_t covered = bytes.size();
  append(bytes, to_wire(AttributeType::message_integrity), Sha1Digest{});
  std::ranges::copy(HmacSha1().mac(Bytes(bytes).first(covered)), bytes.begin() + covered + kAttributeHeaderBytes);
  EXPECT_EQ(verify_integrity(parse(bytes), HmacSha1()), Verdict::mismatch);

  bytes = request([](auto&) {});
  append(bytes, to_wire(AttributeType::message_integrity_sha256), Sha256Digest{});
  std::ranges::copy(HmacSha256().mac(Bytes(bytes).first(covered)), bytes.begin() + covered + kAttributeHeaderBytes);
  EXPECT_EQ(verify_integrity_sha256(parse(bytes), HmacSha256()), Verdict::mismatch);
}

/// Nobody authenticates under a key that was never derived: an algorithm number we do not know gives an empty key.
TEST(Integrity, UnknownPasswordAlgorithmVerifiesNothing) {
  const auto key = long_term_key(PasswordAlgorithm{9}, "user", "realm", "password");
  EXPECT_EQ(key.size, 0);
  EXPECT_FALSE(HmacSha1(key.bytes()).has_key());
  EXPECT_FALSE(HmacSha256(key.bytes()).has_key());
}

TEST(Integrity, WhatIsAppendedLaterDoesNotMatter) {
  auto bytes = request([](auto& b) { b.message_integrity(kSha1Key); });
  append(bytes, to_wire(AttributeType::lifetime), std::array<std::uint8_t, 4>{});
  append(bytes, 0xc000, bytes_of("anything"));
  EXPECT_EQ(verify_integrity(parse(bytes), kSha1Key), Verdict::valid);
}

TEST(Integrity, LengthOfTheMacIsChecked) {
  for (std::size_t length : {0, 4, 16, 19, 21, 24, 32}) {
    auto bytes = request([](auto&) {});
    append(bytes, to_wire(AttributeType::message_integrity), std::vector<std::uint8_t>(length));
    EXPECT_EQ(verify_integrity(parse(bytes), kSha1Key), Verdict::malformed) << length;
  }
  for (std::size_t length : {0, 4, 12, 17, 33, 36}) {
    auto bytes = request([](auto&) {});
    append(bytes, to_wire(AttributeType::message_integrity_sha256), std::vector<std::uint8_t>(length));
    EXPECT_EQ(verify_integrity_sha256(parse(bytes), kSha256Key, 0), Verdict::malformed) << length;
  }
}

/// RFC 8489 section 14.6: the leftmost bytes of the MAC of a message whose length says so.
TEST(Integrity, TruncatedSha256OnlyWhereTheUsageAllowsIt) {
  for (std::size_t length = 16; length <= 32; length += 4) {
    auto bytes = request([](auto&) {});
    const std::size_t covered = bytes.size();
    append(bytes, to_wire(AttributeType::message_integrity_sha256), std::vector<std::uint8_t>(length));
    const auto mac = kSha256Key.mac(Bytes(bytes).first(covered));
    std::copy_n(mac.begin(), length, bytes.end() - length);
    EXPECT_EQ(verify_integrity_sha256(parse(bytes), kSha256Key, 16), Verdict::valid) << length;
    EXPECT_EQ(verify_integrity_sha256(parse(bytes), kSha256Key), length == 32 ? Verdict::valid : Verdict::malformed)
        << length;
    bytes.back() ^= 1;
    EXPECT_EQ(verify_integrity_sha256(parse(bytes), kSha256Key, 16), Verdict::mismatch) << length;
  }
}

TEST(Integrity, Fingerprint) {
  auto bytes = request([](auto& b) { b.fingerprint(); });
  EXPECT_EQ(verify_fingerprint(parse(bytes)), Verdict::valid);
  bytes[25] ^= 1;
  EXPECT_EQ(verify_fingerprint(parse(bytes)), Verdict::mismatch);
  EXPECT_EQ(verify_fingerprint(parse(request([](auto&) {}))), Verdict::absent);
  auto short_value = request([](auto&) {});
  append(short_value, to_wire(AttributeType::fingerprint), std::array<std::uint8_t, 3>{});
  EXPECT_EQ(verify_fingerprint(parse(short_value)), Verdict::malformed);
}

TEST(LongTermKey, RfcExamples) {
  // RFC 8489 section 18.5.1.1 names this one for MD5.
  const auto md5_key = long_term_key(PasswordAlgorithm::md5, "user", "realm", "pass");
  EXPECT_EQ(testing::to_hex(md5_key.bytes()), "8493fbc53ba582fb4c044c456bdc40eb");
  const auto sha256_key = long_term_key(PasswordAlgorithm::sha256, "user", "realm", "pass");
  EXPECT_EQ(testing::to_hex(sha256_key.bytes()), testing::to_hex(sha256({bytes_of("user:realm:pass")})));
  EXPECT_EQ(sha256_key.size, 32);
}

}  // namespace
}  // namespace penstock::stun
