#include "dataplane/stun/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <vector>

#include "dataplane/stun/attributes.h"
#include "tests/stun/hex.h"
#include "tests/stun/vectors.h"

namespace penstock::stun {
namespace {

using ::testing::ElementsAre;
using testing::hex;

static_assert(std::is_trivially_copyable_v<MessageView>);

/// A Binding request around the attributes given in hex, with a matching length field.
std::vector<std::uint8_t> message(const std::string& attributes) {
  auto bytes = hex("0001 0000 2112a442 000102030405060708090a0b" + attributes);
  store_be16(&bytes[2], static_cast<std::uint16_t>(bytes.size() - kHeaderBytes));
  return bytes;
}

TEST(Message, MalformedForms) {
  const struct {
    const char* what;
    const char* bytes;
    ParseError error;
  } cases[] = {
      {"empty datagram", "", ParseError::truncated_header},
      {"first bit set", "8001 0000 2112a442 000000000000000000000000", ParseError::not_stun},
      {"second bit set", "4001 0000 2112a442 000000000000000000000000", ParseError::not_stun},
      {"RFC 3489 request", "0001 0000 2112a443 000000000000000000000000", ParseError::no_magic_cookie},
      {"length not a multiple of 4", "0001 0002 2112a442 000000000000000000000000 0000", ParseError::unaligned_length},
      {"length below the datagram", "0001 0000 2112a442 000000000000000000000000 80220000",
       ParseError::length_mismatch},
      {"length above the datagram", "0001 0008 2112a442 000000000000000000000000 80220000",
       ParseError::length_mismatch},
      {"value past the end", "0001 0004 2112a442 000000000000000000000000 80220001", ParseError::attribute_overrun},
      {"value far past the end", "0001 0008 2112a442 000000000000000000000000 8022ffff 00000000",
       ParseError::attribute_overrun},
      {"second value past the end", "0001 000c 2112a442 000000000000000000000000 80220000 80220005 00000000",
       ParseError::attribute_overrun},
      {"attribute after FINGERPRINT", "0001 000c 2112a442 000000000000000000000000 80280004 00000000 80220000",
       ParseError::attribute_after_end},
      {"ignored attribute past the end", "0001 0008 2112a442 000000000000000000000000 00080000 00060004",
       ParseError::attribute_overrun},
  };
  for (const auto& [what, text, error] : cases) {
    const auto bytes = hex(text);
    const auto parsed = MessageView::parse(bytes);
    ASSERT_FALSE(parsed) << what;
    EXPECT_EQ(parsed.error(), error) << what << ": " << to_string(parsed.error());
  }
}

TEST(Message, EveryTruncationIsRefused) {
  for (auto vector : {testing::kSampleRequest, testing::kSampleIpv6Response, testing::kSha256Request}) {
    const auto bytes = hex(vector);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      // An exact copy, so that a read past the end is a read past an allocation.
      const std::vector<std::uint8_t> cut(bytes.begin(), bytes.begin() + n);
      const auto parsed = MessageView::parse(cut);
      ASSERT_FALSE(parsed) << n;
      EXPECT_EQ(parsed.error(), n < kHeaderBytes ? ParseError::truncated_header : ParseError::length_mismatch) << n;
    }
  }
}

/// The length field is made to agree with the cut, so that only the attributes are wrong.
TEST(Message, TruncationInsideAnAttributeIsAnOverrun) {
  const auto bytes = hex(testing::kSampleRequest);
  const std::size_t attribute_starts[] = {20, 40, 48, 60, 76, 100, 108};
  for (std::size_t n = kHeaderBytes; n < bytes.size(); n += 4) {
    std::vector<std::uint8_t> cut(bytes.begin(), bytes.begin() + n);
    store_be16(&cut[2], static_cast<std::uint16_t>(n - kHeaderBytes));
    const bool on_boundary = std::ranges::find(attribute_starts, n) != std::end(attribute_starts);
    EXPECT_EQ(MessageView::parse(cut).has_value(), on_boundary) << n;
  }
}

TEST(Message, BareHeaderIsAMessage) {
  const auto bytes = message("");
  const auto parsed = MessageView::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->is(Method::binding, Class::request));
  EXPECT_EQ(parsed->attributes().begin(), parsed->attributes().end());
}

TEST(Message, MethodAndClassBits) {
  const struct {
    std::uint16_t type;
    Method method;
    Class message_class;
  } cases[] = {
      {0x0001, Method::binding, Class::request},
      {0x0011, Method::binding, Class::indication},
      {0x0101, Method::binding, Class::success},
      {0x0111, Method::binding, Class::error},
      {0x0003, Method::allocate, Class::request},
      {0x0113, Method::allocate, Class::error},
      {0x0016, Method::send, Class::indication},
      {0x0017, Method::data, Class::indication},
      {0x0108, Method::create_permission, Class::success},
      {0x0009, Method::channel_bind, Class::request},
      {0x3eef, Method{0xfff}, Class::request},
      {0x3fff, Method{0xfff}, Class::error},
      {0x0021, Method{0x011}, Class::request},
      {0x0200, Method{0x080}, Class::request},
  };
  for (const auto& [type, method, message_class] : cases) {
    auto bytes = message("");
    store_be16(bytes.data(), type);
    const auto parsed = MessageView::parse(bytes);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->method(), method) << std::hex << type;
    EXPECT_EQ(parsed->message_class(), message_class) << std::hex << type;
  }
}

TEST(Message, FirstOfDuplicatesCounts) {
  const auto bytes = message("000d0004 00000258  000d0004 00000000");
  const auto parsed = MessageView::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(lifetime_s(*parsed), 600u);
  EXPECT_EQ(parsed->offset_of(AttributeType::lifetime), kHeaderBytes);
}

std::vector<std::uint16_t> types(const MessageView& view) {
  std::vector<std::uint16_t> found;
  for (const Attribute& attribute : view.attributes()) found.push_back(attribute.type);
  return found;
}

TEST(Message, AttributesAreIteratedInWireOrderWithDuplicates) {
  const auto bytes = message("00120000  7f000001ff000000  00120000  80220003 61626300");
  const auto parsed = MessageView::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_THAT(types(*parsed), ElementsAre(0x0012, 0x7f00, 0x0012, 0x8022));
  EXPECT_EQ(software(*parsed), "abc");
}

constexpr const char* kIntegrity = "00080014 0000000000000000000000000000000000000000";
constexpr const char* kIntegritySha256 = "001c0010 00000000000000000000000000000000";
constexpr const char* kFingerprint = "80280004 00000000";
constexpr const char* kLifetime = "000d0004 00000258";
constexpr const char* kUnknown = "7ff00000";

TEST(Message, WhatFollowsMessageIntegrityIsIgnored) {
  const auto bytes = message(std::string(kIntegrity) + kLifetime + kUnknown + kIntegritySha256 + kLifetime +
                             kIntegrity + kFingerprint);
  const auto parsed = MessageView::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->has(AttributeType::lifetime));
  EXPECT_TRUE(parsed->unknown_required().empty());
  EXPECT_EQ(parsed->offset_of(AttributeType::message_integrity), kHeaderBytes);
  EXPECT_TRUE(parsed->has(AttributeType::message_integrity_sha256));
  EXPECT_TRUE(parsed->has(AttributeType::fingerprint));
  EXPECT_TRUE(types(*parsed).empty());
}

TEST(Message, WhatFollowsMessageIntegritySha256IsIgnored) {
  const auto bytes = message(std::string(kUnknown) + kIntegritySha256 + kIntegrity + kLifetime + kFingerprint);
  const auto parsed = MessageView::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->has(AttributeType::message_integrity));
  EXPECT_FALSE(parsed->has(AttributeType::lifetime));
  EXPECT_TRUE(parsed->has(AttributeType::fingerprint));
  EXPECT_THAT(parsed->unknown_required(), ElementsAre(0x7ff0));
  EXPECT_THAT(types(*parsed), ElementsAre(0x7ff0));
}

TEST(Message, UnknownRequiredTypesAreListedOnceAndBounded) {
  // CHANGE-REQUEST (RFC 5780) is one of them; comprehension-optional ones are not.
  const auto few = message("00030004 00000004  c0570004 00010000  00030004 00000004  7fff0000");
  EXPECT_THAT(MessageView::parse(few)->unknown_required(), ElementsAre(0x0003, 0x7fff));

  std::string many;
  for (int i = 0; i < 20; ++i) many += "7f" + testing::to_hex(std::vector<std::uint8_t>{std::uint8_t(i)}) + "0000";
  const auto bytes = message(many);
  const auto parsed = MessageView::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->unknown_required().size(), MessageView::kMostUnknownTypes);
  EXPECT_EQ(parsed->unknown_required()[0], 0x7f00);
}

TEST(Message, EveryTypeIsEitherKnownOrNot) {
  std::size_t known = 0;
  for (std::uint32_t type = 0; type <= 0xffff; ++type) {
    const auto slot = attribute_slot(static_cast<std::uint16_t>(type));
    if (slot == kNoSlot) continue;
    if (type == kDraftAdditionalAddressFamily) {
      EXPECT_EQ(kKnownAttributes[slot], AttributeType::additional_address_family);
      continue;
    }
    ++known;
    ASSERT_LT(slot, kAttributeSlots);
    EXPECT_EQ(to_wire(kKnownAttributes[slot]), type);
  }
  EXPECT_EQ(known, kAttributeSlots);
  const auto bytes = message("");
  EXPECT_FALSE(MessageView::parse(bytes)->has(AttributeType{0x7777}));
}

TEST(Message, LargestMessage) {
  auto bytes = message("80220000");
  bytes.resize(kHeaderBytes + 0xfffc);
  store_be16(&bytes[2], 0xfffc);
  // One attribute of 65,520 bytes and, at the very end, FINGERPRINT.
  store_be16(&bytes[22], 0xfff0);
  const std::size_t last = bytes.size() - 8;
  store_be16(&bytes[last], 0x8028);
  store_be16(&bytes[last + 2], 4);
  const auto parsed = MessageView::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->offset_of(AttributeType::fingerprint), last);
  bytes.resize(bytes.size() + 4);
  EXPECT_EQ(MessageView::parse(bytes).error(), ParseError::length_mismatch);
}

}  // namespace
}  // namespace penstock::stun
