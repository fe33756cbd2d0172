#include "dataplane/stun/attributes.h"

#include <algorithm>
#include <cstddef>

namespace penstock::stun {
namespace {

constexpr std::uint8_t kFamilyIpv4 = 0x01;
constexpr std::uint8_t kFamilyIpv6 = 0x02;

auto malformed() {
  return tl::unexpected(AttributeError::malformed);
}

/// The value of an attribute that is always `bytes` long.
Decoded<Bytes> fixed(const MessageView& message, AttributeType type, std::size_t bytes) {
  const auto value = message.find(type);
  if (!value) return tl::unexpected(AttributeError::absent);
  if (value->size() != bytes) return malformed();
  return *value;
}

Decoded<Bytes> any_length(const MessageView& message, AttributeType type) {
  const auto value = message.find(type);
  if (!value) return tl::unexpected(AttributeError::absent);
  return *value;
}

Decoded<std::uint32_t> u32(const MessageView& message, AttributeType type) {
  return fixed(message, type, 4).map([](Bytes value) { return load_be32(value.data()); });
}

Decoded<std::uint64_t> u64(const MessageView& message, AttributeType type) {
  return fixed(message, type, 8).map([](Bytes value) { return load_be64(value.data()); });
}

Decoded<bool> flag(const MessageView& message, AttributeType type) {
  return fixed(message, type, 0).map([](Bytes) { return true; });
}

Decoded<std::string_view> text(const MessageView& message, AttributeType type, std::size_t longest_bytes) {
  const auto value = message.find(type);
  if (!value) return tl::unexpected(AttributeError::absent);
  if (value->size() > longest_bytes) return malformed();
  return text_of(*value);
}

Decoded<net::Family> decode_family(std::uint8_t number) {
  if (number == kFamilyIpv4) return net::Family::v4;
  if (number == kFamilyIpv6) return net::Family::v6;
  return tl::unexpected(AttributeError::unsupported_family);
}

/// Reserved byte, family, port, and an address as long as the family says (RFC 8489 section 14.1).
Decoded<net::Family> address_family(Bytes value) {
  if (value.size() < 4) return malformed();
  const auto family = decode_family(value[1]);
  if (family && value.size() != (*family == net::Family::v4 ? 8 : 20)) return malformed();
  return family;
}

/// One byte of family, three bytes reserved (RFC 8656 section 18.6).
Decoded<net::Family> family(const MessageView& message, AttributeType type) {
  return fixed(message, type, 4).and_then([](Bytes value) { return decode_family(value[0]); });
}

/// Class in the low three bits of the third byte, number 0 to 99 in the fourth, then the phrase (RFC 8489
/// section 14.8).
Decoded<ErrorCode> decode_error_code(Bytes value) {
  if (value.size() < 4 || value.size() > 4 + kLongestTextReceivedBytes) return malformed();
  const unsigned error_class = value[2] & 0x07;
  const unsigned number = value[3];
  if (error_class < 3 || error_class > 6 || number > 99) return malformed();
  return ErrorCode{static_cast<std::uint16_t>(error_class * 100 + number), text_of(value.subspan(4))};
}

/// Algorithm, length of its parameters, parameters, padding (RFC 8489 section 14.11). The padding of the last entry is
/// the attribute's own and not part of its value.
struct AlgorithmEntry {
  PasswordAlgorithmChoice choice;
  std::size_t bytes;
};
Decoded<AlgorithmEntry> decode_algorithm(Bytes list) {
  if (list.size() < 4) return malformed();
  const std::size_t parameter_bytes = load_be16(&list[2]);
  if (parameter_bytes > list.size() - 4) return malformed();
  const auto algorithm = static_cast<PasswordAlgorithm>(load_be16(list.data()));
  return AlgorithmEntry{{algorithm, list.subspan(4, parameter_bytes)},
                        std::min(list.size(), 4 + padded(parameter_bytes))};
}

Decoded<net::Endpoint> xor_address(const MessageView& message, AttributeType type) {
  const auto value = message.find(type);
  if (!value) return tl::unexpected(AttributeError::absent);
  return decode_xor_address(*value, message.transaction_id());
}

}  // namespace

Decoded<net::Endpoint> decode_address(Bytes value) {
  const auto family = address_family(value);
  if (!family) return tl::unexpected(family.error());
  const std::uint16_t port = load_be16(&value[2]);
  if (*family == net::Family::v4) return net::Endpoint{net::Address::v4(load_be32(&value[4])), port};
  net::Endpoint endpoint{.address = {}, .port = port};
  std::copy_n(&value[4], 16, endpoint.address.bytes.begin());
  return endpoint;
}

/// The mask is the magic cookie and the transaction id, as they stand in the message; IPv4 uses the cookie alone.
Decoded<net::Endpoint> decode_xor_address(Bytes value, std::span<const std::uint8_t, 12> transaction_id) {
  const auto family = address_family(value);
  if (!family) return tl::unexpected(family.error());
  const auto port = static_cast<std::uint16_t>(load_be16(&value[2]) ^ kMagicCookie >> 16);
  const std::uint32_t first = load_be32(&value[4]) ^ kMagicCookie;
  if (*family == net::Family::v4) return net::Endpoint{net::Address::v4(first), port};
  net::Endpoint endpoint{.address = {}, .port = port};
  store_be32(&endpoint.address.bytes[0], first);
  for (std::size_t i = 0; i < 12; ++i) endpoint.address.bytes[4 + i] = value[8 + i] ^ transaction_id[i];
  return endpoint;
}

Decoded<net::Endpoint> xor_mapped_address(const MessageView& message) {
  return xor_address(message, AttributeType::xor_mapped_address);
}
Decoded<net::Endpoint> xor_peer_address(const MessageView& message) {
  return xor_address(message, AttributeType::xor_peer_address);
}
Decoded<net::Endpoint> xor_relayed_address(const MessageView& message) {
  return xor_address(message, AttributeType::xor_relayed_address);
}
Decoded<net::Endpoint> mapped_address(const MessageView& message) {
  return any_length(message, AttributeType::mapped_address).and_then(decode_address);
}
Decoded<net::Endpoint> alternate_server(const MessageView& message) {
  return any_length(message, AttributeType::alternate_server).and_then(decode_address);
}

Decoded<std::string_view> username(const MessageView& message) {
  return text(message, AttributeType::username, kLongestUsernameBytes);
}
Decoded<std::string_view> realm(const MessageView& message) {
  return text(message, AttributeType::realm, kLongestTextReceivedBytes);
}
Decoded<std::string_view> nonce(const MessageView& message) {
  return text(message, AttributeType::nonce, kLongestTextReceivedBytes);
}
Decoded<std::string_view> software(const MessageView& message) {
  return text(message, AttributeType::software, kLongestTextReceivedBytes);
}

Decoded<ErrorCode> error_code(const MessageView& message) {
  return any_length(message, AttributeType::error_code).and_then(decode_error_code);
}

Decoded<AddressErrorCode> address_error_code(const MessageView& message) {
  const auto value = any_length(message, AttributeType::address_error_code);
  if (!value) return tl::unexpected(value.error());
  const auto error = decode_error_code(*value);
  if (!error) return tl::unexpected(error.error());
  return decode_family((*value)[0]).map([&](net::Family f) { return AddressErrorCode{f, *error}; });
}

Decoded<Bytes> unknown_attributes(const MessageView& message) {
  const auto value = any_length(message, AttributeType::unknown_attributes);
  if (value && value->size() % 2 != 0) return malformed();
  return value;
}

Decoded<std::span<const std::uint8_t, 32>> userhash(const MessageView& message) {
  return fixed(message, AttributeType::userhash, 32).map([](Bytes value) { return value.first<32>(); });
}

Decoded<PasswordAlgorithmChoice> password_algorithm(const MessageView& message) {
  const auto value = any_length(message, AttributeType::password_algorithm);
  if (!value) return tl::unexpected(value.error());
  const auto entry = decode_algorithm(*value);
  if (!entry || entry->bytes != value->size()) return malformed();
  return entry->choice;
}

Decoded<Bytes> password_algorithms(const MessageView& message) {
  const auto value = any_length(message, AttributeType::password_algorithms);
  if (!value) return value;
  for (Bytes rest = *value; !rest.empty();) {
    const auto entry = decode_algorithm(rest);
    if (!entry) return malformed();
    rest = rest.subspan(entry->bytes);
  }
  return value;
}

bool lists(Bytes password_algorithms, PasswordAlgorithm algorithm) {
  while (!password_algorithms.empty()) {
    const auto entry = decode_algorithm(password_algorithms);
    if (!entry) return false;
    if (entry->choice.algorithm == algorithm) return true;
    password_algorithms = password_algorithms.subspan(entry->bytes);
  }
  return false;
}

Decoded<std::uint16_t> channel_number(const MessageView& message) {
  return fixed(message, AttributeType::channel_number, 4).map([](Bytes value) { return load_be16(value.data()); });
}

Decoded<std::uint32_t> lifetime_s(const MessageView& message) {
  return u32(message, AttributeType::lifetime);
}

Decoded<Bytes> data(const MessageView& message) {
  return any_length(message, AttributeType::data);
}

Decoded<net::Family> requested_address_family(const MessageView& message) {
  return family(message, AttributeType::requested_address_family);
}

Decoded<net::Family> additional_address_family(const MessageView& message) {
  return family(message, AttributeType::additional_address_family);
}

Decoded<bool> even_port(const MessageView& message) {
  return fixed(message, AttributeType::even_port, 1).map([](Bytes value) { return (value[0] & 0x80) != 0; });
}

Decoded<std::uint8_t> requested_transport(const MessageView& message) {
  return fixed(message, AttributeType::requested_transport, 4).map([](Bytes value) { return value[0]; });
}

Decoded<bool> dont_fragment(const MessageView& message) {
  return flag(message, AttributeType::dont_fragment);
}

Decoded<ReservationToken> reservation_token(const MessageView& message) {
  return fixed(message, AttributeType::reservation_token, 8).map([](Bytes value) {
    ReservationToken token;
    std::ranges::copy(value, token.begin());
    return token;
  });
}

Decoded<Icmp> icmp(const MessageView& message) {
  return fixed(message, AttributeType::icmp, 8).map([](Bytes value) {
    const unsigned type_and_code = load_be16(&value[2]);
    return Icmp{.type = static_cast<std::uint8_t>(type_and_code >> 9),
                .code = static_cast<std::uint16_t>(type_and_code & 0x1ff),
                .error_data = load_be32(&value[4])};
  });
}

Decoded<std::uint32_t> priority(const MessageView& message) {
  return u32(message, AttributeType::priority);
}

Decoded<bool> use_candidate(const MessageView& message) {
  return flag(message, AttributeType::use_candidate);
}

Decoded<std::uint64_t> ice_controlled(const MessageView& message) {
  return u64(message, AttributeType::ice_controlled);
}

Decoded<std::uint64_t> ice_controlling(const MessageView& message) {
  return u64(message, AttributeType::ice_controlling);
}

}  // namespace penstock::stun
