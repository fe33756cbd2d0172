#include "dataplane/stun/attributes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/stun/hex.h"

namespace penstock::stun {
namespace {

using testing::hex;

/// A message with one attribute, kept alive together.
class OneAttribute {
 public:
  OneAttribute(AttributeType type, const std::string& value_hex) : OneAttribute(type, hex(value_hex)) {}
  OneAttribute(AttributeType type, const std::vector<std::uint8_t>& value)
      : bytes_(hex("0003 0000 2112a442 b7e7a701bc34d686fa87dfae")) {
    bytes_.resize(kHeaderBytes + kAttributeHeaderBytes + padded(value.size()));
    store_be16(&bytes_[2], static_cast<std::uint16_t>(bytes_.size() - kHeaderBytes));
    store_be16(&bytes_[20], to_wire(type));
    store_be16(&bytes_[22], static_cast<std::uint16_t>(value.size()));
    std::ranges::copy(value, bytes_.begin() + 24);
  }
  MessageView view() const { return MessageView::parse(bytes_).value(); }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// What a getter made of the value: "ok", "absent", "malformed" or "family".
template <class T>
std::string outcome(const Decoded<T>& decoded) {
  if (decoded) return "ok";
  switch (decoded.error()) {
    case AttributeError::absent:
      return "absent";
    case AttributeError::malformed:
      return "malformed";
    case AttributeError::unsupported_family:
      return "family";
  }
  return "";
}

struct Getter {
  const char* name;
  AttributeType type;
  std::function<std::string(const MessageView&)> run;
};

template <class F>
Getter getter(const char* name, AttributeType type, F f) {
  return {name, type, [f](const MessageView& m) { return outcome(f(m)); }};
}
#define GETTER(function, type) getter(#function, AttributeType::type, [](const MessageView& m) { return function(m); })

const std::vector<Getter> kGetters{
    GETTER(xor_mapped_address, xor_mapped_address),
    GETTER(xor_peer_address, xor_peer_address),
    GETTER(xor_relayed_address, xor_relayed_address),
    GETTER(mapped_address, mapped_address),
    GETTER(alternate_server, alternate_server),
    GETTER(username, username),
    GETTER(realm, realm),
    GETTER(nonce, nonce),
    GETTER(software, software),
    GETTER(error_code, error_code),
    GETTER(address_error_code, address_error_code),
    GETTER(unknown_attributes, unknown_attributes),
    GETTER(userhash, userhash),
    GETTER(password_algorithm, password_algorithm),
    GETTER(password_algorithms, password_algorithms),
    GETTER(channel_number, channel_number),
    GETTER(lifetime_s, lifetime),
    GETTER(stun::data, data),
    GETTER(requested_address_family, requested_address_family),
    GETTER(additional_address_family, additional_address_family),
    GETTER(even_port, even_port),
    GETTER(requested_transport, requested_transport),
    GETTER(dont_fragment, dont_fragment),
    GETTER(reservation_token, reservation_token),
    GETTER(icmp, icmp),
    GETTER(priority, priority),
    GETTER(use_candidate, use_candidate),
    GETTER(ice_controlled, ice_controlled),
    GETTER(ice_controlling, ice_controlling),
};

TEST(Attributes, AbsentIsItsOwnAnswer) {
  for (const Getter& getter : kGetters) {
    const OneAttribute other(AttributeType::fingerprint, "00000000");
    EXPECT_EQ(getter.run(other.view()), "absent") << getter.name;
  }
}

TEST(Attributes, FixedLengthsAreExact) {
  const std::map<AttributeType, std::size_t> lengths{
      {AttributeType::userhash, 32},
      {AttributeType::channel_number, 4},
      {AttributeType::lifetime, 4},
      {AttributeType::even_port, 1},
      {AttributeType::requested_transport, 4},
      {AttributeType::dont_fragment, 0},
      {AttributeType::reservation_token, 8},
      {AttributeType::icmp, 8},
      {AttributeType::priority, 4},
      {AttributeType::use_candidate, 0},
      {AttributeType::ice_controlled, 8},
      {AttributeType::ice_controlling, 8},
  };
  for (const Getter& getter : kGetters) {
    const auto expected = lengths.find(getter.type);
    if (expected == lengths.end()) continue;
    for (std::size_t length = 0; length <= 40; ++length) {
      const OneAttribute attribute(getter.type, std::vector<std::uint8_t>(length));
      EXPECT_EQ(getter.run(attribute.view()), length == expected->second ? "ok" : "malformed")
          << getter.name << " with " << length << " bytes";
    }
  }
}

TEST(Attributes, TextUpToTheLimitOfItsRfc) {
  const std::map<AttributeType, std::size_t> longest{{AttributeType::username, 508},
                                                     {AttributeType::realm, 763},
                                                     {AttributeType::nonce, 763},
                                                     {AttributeType::software, 763}};
  for (const Getter& getter : kGetters) {
    const auto limit = longest.find(getter.type);
    if (limit == longest.end()) continue;
    for (std::size_t length : {std::size_t{0}, std::size_t{1}, limit->second, limit->second + 1, std::size_t{60000}}) {
      const OneAttribute attribute(getter.type, std::vector<std::uint8_t>(length, 'x'));
      EXPECT_EQ(getter.run(attribute.view()), length <= limit->second ? "ok" : "malformed")
          << getter.name << " with " << length << " bytes";
    }
  }
}

TEST(Attributes, AddressesCheckFamilyAndLength) {
  const struct {
    const char* value;
    const char* outcome;
  } cases[] = {
      {"", "malformed"},
      {"00", "malformed"},
      {"000100", "malformed"},
      {"00010000", "malformed"},
      {"00010000 00000000", "ok"},
      {"ff010000 00000000", "ok"},  // the first byte is ignored
      {"00010000 00000000 00", "malformed"},
      {"00010000 00000000000000000000000000000000", "malformed"},
      {"00020000 00000000", "malformed"},
      {"00020000 000000000000000000000000000000", "malformed"},
      {"00020000 00000000000000000000000000000000", "ok"},
      {"00020000 0000000000000000000000000000000000", "malformed"},
      {"00000000 00000000", "family"},
      {"00030000 00000000", "family"},
      {"00ff0000", "family"},
  };
  for (const auto& [value, expected] : cases) {
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(kGetters[i].run(OneAttribute(kGetters[i].type, value).view()), expected)
          << kGetters[i].name << " of " << value;
    }
  }
}

TEST(Attributes, AnIpv4AddressInAnIpv6AttributeIsIpv4) {
  const OneAttribute plain(AttributeType::mapped_address, "00020d96 00000000000000000000ffffc0000201");
  EXPECT_EQ(mapped_address(plain.view())->address, net::Address::v4(0xc0000201));
  // ::ffff:192.0.2.1 under the mask of cookie and transaction id
  const OneAttribute xored(AttributeType::xor_peer_address,
                           "00022c84 2112a442b7e7a701bc342979"
                           "3a87ddaf");
  ASSERT_TRUE(xor_peer_address(xored.view()));
  EXPECT_EQ(xor_peer_address(xored.view())->address, net::Address::v4(0xc0000201));
  EXPECT_EQ(xor_peer_address(xored.view())->port, 0x0d96);
}

TEST(Attributes, ErrorCode) {
  const struct {
    const char* value;
    std::uint16_t code;  ///< 0: malformed
    const char* reason;
  } cases[] = {
      {"00000401 556e61757468", 401, "Unauth"},
      {"00000314", 320, ""},
      {"0000fe63", 699, ""},  // the upper five bits are reserved
      {"000004", 0, ""},
      {"", 0, ""},
      {"00000201", 0, ""},
      {"00000701", 0, ""},
      {"00000464", 0, ""},
  };
  for (const auto& [value, code, reason] : cases) {
    const OneAttribute attribute(AttributeType::error_code, value);
    const auto decoded = error_code(attribute.view());
    ASSERT_EQ(decoded.has_value(), code != 0) << value;
    if (!decoded) continue;
    EXPECT_EQ(decoded->code, code);
    EXPECT_EQ(decoded->reason, reason);
  }
  const OneAttribute oversized(AttributeType::error_code, "00000401" + std::string(2 * 764, '2'));
  EXPECT_FALSE(error_code(oversized.view()));
}

TEST(Attributes, AddressErrorCode) {
  const OneAttribute v6(AttributeType::address_error_code, "02000428 6e6f");
  const auto decoded = address_error_code(v6.view());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->family, net::Family::v6);
  EXPECT_EQ(decoded->error.code, 440);
  EXPECT_EQ(decoded->error.reason, "no");
  EXPECT_EQ(outcome(address_error_code(OneAttribute(AttributeType::address_error_code, "00000428").view())), "family");
  EXPECT_EQ(outcome(address_error_code(OneAttribute(AttributeType::address_error_code, "0200").view())), "malformed");
}

TEST(Attributes, Families) {
  for (auto type : {AttributeType::requested_address_family, AttributeType::additional_address_family}) {
    const auto get = [type](const char* value) {
      const OneAttribute attribute(type, value);
      return type == AttributeType::requested_address_family ? requested_address_family(attribute.view())
                                                             : additional_address_family(attribute.view());
    };
    EXPECT_EQ(get("01000000"), net::Family::v4);
    EXPECT_EQ(get("02ffffff"), net::Family::v6);
    EXPECT_EQ(outcome(get("00000000")), "family");
    EXPECT_EQ(outcome(get("03000000")), "family");
    EXPECT_EQ(outcome(get("01")), "malformed");
    EXPECT_EQ(outcome(get("0100000000")), "malformed");
  }
}

TEST(Attributes, TurnValues) {
  EXPECT_EQ(channel_number(OneAttribute(AttributeType::channel_number, "40010000").view()), 0x4001);
  EXPECT_EQ(lifetime_s(OneAttribute(AttributeType::lifetime, "fffffffe").view()), 0xfffffffeu);
  EXPECT_EQ(even_port(OneAttribute(AttributeType::even_port, "80").view()), true);
  EXPECT_EQ(even_port(OneAttribute(AttributeType::even_port, "7f").view()), false);
  EXPECT_EQ(requested_transport(OneAttribute(AttributeType::requested_transport, "11abcdef").view()), kTransportUdp);
  EXPECT_EQ(dont_fragment(OneAttribute(AttributeType::dont_fragment, "").view()), true);
  EXPECT_EQ(reservation_token(OneAttribute(AttributeType::reservation_token, "0102030405060708").view()),
            (ReservationToken{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(icmp(OneAttribute(AttributeType::icmp, "ffff 0604 000005dc").view()),
            (Icmp{.type = 3, .code = 4, .error_data = 1500}));
  EXPECT_EQ(icmp(OneAttribute(AttributeType::icmp, "0000 ffff 00000000").view()),
            (Icmp{.type = 127, .code = 511, .error_data = 0}));
  const OneAttribute empty(AttributeType::data, "");
  EXPECT_EQ(stun::data(empty.view())->size(), 0u);
}

TEST(Attributes, IceValues) {
  EXPECT_EQ(priority(OneAttribute(AttributeType::priority, "6e7f1eff").view()), 0x6e7f1effu);
  EXPECT_EQ(use_candidate(OneAttribute(AttributeType::use_candidate, "").view()), true);
  EXPECT_EQ(ice_controlled(OneAttribute(AttributeType::ice_controlled, "8000000000000001").view()),
            0x8000000000000001u);
  EXPECT_EQ(ice_controlling(OneAttribute(AttributeType::ice_controlling, "0000000000000001").view()), 1u);
}

TEST(Attributes, UnknownAttributesIsAListOfTypes) {
  EXPECT_EQ(outcome(unknown_attributes(OneAttribute(AttributeType::unknown_attributes, "7fff0003").view())), "ok");
  EXPECT_EQ(outcome(unknown_attributes(OneAttribute(AttributeType::unknown_attributes, "7fff00").view())), "malformed");
}

TEST(Attributes, PasswordAlgorithm) {
  const auto get = [](const char* value) {
    return outcome(password_algorithm(OneAttribute(AttributeType::password_algorithm, value).view()));
  };
  EXPECT_EQ(get("00020000"), "ok");
  EXPECT_EQ(get("00090003 abcdef"), "ok");
  EXPECT_EQ(get("00090003 abcdef00"), "ok");
  EXPECT_EQ(get(""), "malformed");
  EXPECT_EQ(get("000200"), "malformed");
  EXPECT_EQ(get("00020001"), "malformed");
  EXPECT_EQ(get("00020000 00010000"), "malformed");
}

TEST(Attributes, PasswordAlgorithms) {
  const struct {
    const char* value;
    bool well_formed, md5, sha256;
  } cases[] = {
      {"00010000 00020000", true, true, true},
      {"00020000", true, false, true},
      {"", true, false, false},
      {"00090005 0001000000 000000 00020000", true, false, true},  // parameters that look like an algorithm
      {"00090002 abcd", true, false, false},
      {"00010000 00020001", false, true, false},
      {"00010000 0002", false, true, false},
      {"0001ffff", false, false, false},
  };
  for (const auto& [value, well_formed, md5, sha256] : cases) {
    const OneAttribute attribute(AttributeType::password_algorithms, value);
    EXPECT_EQ(password_algorithms(attribute.view()).has_value(), well_formed) << value;
    const Bytes list = *attribute.view().find(AttributeType::password_algorithms);
    EXPECT_EQ(lists(list, PasswordAlgorithm::md5), md5) << value;
    EXPECT_EQ(lists(list, PasswordAlgorithm::sha256), sha256) << value;
  }
}

}  // namespace
}  // namespace penstock::stun
