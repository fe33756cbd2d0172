// One function per attribute; builder.cpp has what they share.

#include <algorithm>
#include <array>

#include "dataplane/stun/builder.h"

namespace penstock::stun {
namespace {

constexpr std::uint8_t family_number(net::Family family) {
  return family == net::Family::v4 ? 0x01 : 0x02;
}

constexpr std::array<std::uint8_t, 16> kNoMask{};

}  // namespace

// --- values of one shape

MessageBuilder& MessageBuilder::text(AttributeType type, std::string_view text, std::size_t longest_bytes) {
  if (text.size() > longest_bytes) return fail(BuildError::invalid_value);
  return attribute(to_wire(type), bytes_of(text));
}

MessageBuilder& MessageBuilder::u32(AttributeType type, std::uint32_t value) {
  if (std::uint8_t* p = reserve(type, 4)) store_be32(p, value);
  return *this;
}

MessageBuilder& MessageBuilder::u64(AttributeType type, std::uint64_t value) {
  if (std::uint8_t* p = reserve(type, 8)) store_be64(p, value);
  return *this;
}

MessageBuilder& MessageBuilder::family(AttributeType type, net::Family family) {
  return u32(type, std::uint32_t{family_number(family)} << 24);
}

/// RFC 8489 sections 14.1 and 14.2. The mask is the cookie and the transaction id, which stand in our header.
MessageBuilder& MessageBuilder::address(AttributeType type, const net::Endpoint& endpoint, bool xored) {
  const bool v4 = endpoint.address.is_v4();
  std::uint8_t* p = reserve(type, v4 ? 8 : 20);
  if (p == nullptr) return *this;
  const std::uint8_t* mask = xored ? out_.data() + 4 : kNoMask.data();
  p[0] = 0;
  p[1] = family_number(v4 ? net::Family::v4 : net::Family::v6);
  store_be16(p + 2, endpoint.port ^ load_be16(mask));
  if (v4) {
    store_be32(p + 4, endpoint.address.v4_host_order() ^ load_be32(mask));
  } else {
    for (std::size_t i = 0; i < 16; ++i) p[4 + i] = endpoint.address.bytes[i] ^ mask[i];
  }
  return *this;
}

// --- RFC 8489

MessageBuilder& MessageBuilder::xor_mapped_address(const net::Endpoint& endpoint) {
  return address(AttributeType::xor_mapped_address, endpoint, true);
}
MessageBuilder& MessageBuilder::xor_peer_address(const net::Endpoint& endpoint) {
  return address(AttributeType::xor_peer_address, endpoint, true);
}
MessageBuilder& MessageBuilder::xor_relayed_address(const net::Endpoint& endpoint) {
  return address(AttributeType::xor_relayed_address, endpoint, true);
}
MessageBuilder& MessageBuilder::mapped_address(const net::Endpoint& endpoint) {
  return address(AttributeType::mapped_address, endpoint, false);
}
MessageBuilder& MessageBuilder::alternate_server(const net::Endpoint& endpoint) {
  return address(AttributeType::alternate_server, endpoint, false);
}

MessageBuilder& MessageBuilder::username(std::string_view value) {
  return text(AttributeType::username, value, kLongestUsernameBytes);
}
MessageBuilder& MessageBuilder::realm(std::string_view value) {
  return text(AttributeType::realm, value, kLongestTextSentBytes);
}
MessageBuilder& MessageBuilder::nonce(std::string_view value) {
  return text(AttributeType::nonce, value, kLongestTextSentBytes);
}
MessageBuilder& MessageBuilder::software(std::string_view value) {
  return text(AttributeType::software, value, kLongestTextSentBytes);
}

MessageBuilder& MessageBuilder::error_code(std::uint16_t code, std::string_view reason) {
  if (code < 300 || code > 699 || reason.size() > kLongestTextSentBytes) return fail(BuildError::invalid_value);
  if (std::uint8_t* p = reserve(AttributeType::error_code, 4 + reason.size())) {
    store_be16(p, 0);
    p[2] = static_cast<std::uint8_t>(code / 100);
    p[3] = static_cast<std::uint8_t>(code % 100);
    std::ranges::copy(bytes_of(reason), p + 4);
  }
  return *this;
}

MessageBuilder& MessageBuilder::address_error_code(net::Family which, Error code) {
  const auto value = static_cast<std::uint16_t>(code);
  const std::string_view reason = reason_phrase(code);
  if (value < 300 || value > 699) return fail(BuildError::invalid_value);
  if (std::uint8_t* p = reserve(AttributeType::address_error_code, 4 + reason.size())) {
    p[0] = family_number(which);
    p[1] = 0;
    p[2] = static_cast<std::uint8_t>(value / 100);
    p[3] = static_cast<std::uint8_t>(value % 100);
    std::ranges::copy(bytes_of(reason), p + 4);
  }
  return *this;
}

MessageBuilder& MessageBuilder::unknown_attributes(std::span<const std::uint16_t> types) {
  if (std::uint8_t* p = reserve(AttributeType::unknown_attributes, 2 * types.size())) {
    for (std::uint16_t type : types) {
      store_be16(p, type);
      p += 2;
    }
  }
  return *this;
}

MessageBuilder& MessageBuilder::userhash(std::span<const std::uint8_t, 32> hash) {
  return attribute(to_wire(AttributeType::userhash), hash);
}

MessageBuilder& MessageBuilder::password_algorithm(PasswordAlgorithm algorithm) {
  return u32(AttributeType::password_algorithm, static_cast<std::uint32_t>(algorithm) << 16);
}

MessageBuilder& MessageBuilder::password_algorithms(std::span<const PasswordAlgorithm> algorithms) {
  if (std::uint8_t* p = reserve(AttributeType::password_algorithms, 4 * algorithms.size())) {
    for (PasswordAlgorithm algorithm : algorithms) {
      store_be32(p, static_cast<std::uint32_t>(algorithm) << 16);  // no parameters
      p += 4;
    }
  }
  return *this;
}

// --- RFC 8656

MessageBuilder& MessageBuilder::channel_number(std::uint16_t channel) {
  return u32(AttributeType::channel_number, std::uint32_t{channel} << 16);
}
MessageBuilder& MessageBuilder::lifetime(std::uint32_t lifetime_s) {
  return u32(AttributeType::lifetime, lifetime_s);
}
MessageBuilder& MessageBuilder::requested_address_family(net::Family value) {
  return family(AttributeType::requested_address_family, value);
}
MessageBuilder& MessageBuilder::additional_address_family(net::Family value) {
  return family(AttributeType::additional_address_family, value);
}
MessageBuilder& MessageBuilder::even_port(bool reserve_next) {
  if (std::uint8_t* p = reserve(AttributeType::even_port, 1)) *p = reserve_next ? 0x80 : 0;
  return *this;
}
MessageBuilder& MessageBuilder::requested_transport(std::uint8_t protocol) {
  return u32(AttributeType::requested_transport, std::uint32_t{protocol} << 24);
}
MessageBuilder& MessageBuilder::dont_fragment() {
  return attribute(to_wire(AttributeType::dont_fragment), {});
}
MessageBuilder& MessageBuilder::reservation_token(const ReservationToken& token) {
  return attribute(to_wire(AttributeType::reservation_token), token);
}
MessageBuilder& MessageBuilder::icmp(const Icmp& value) {
  if (value.type > 0x7f || value.code > 0x1ff) return fail(BuildError::invalid_value);
  return u64(AttributeType::icmp, std::uint64_t{value.type} << 41 | std::uint64_t{value.code} << 32 | value.error_data);
}
MessageBuilder& MessageBuilder::data(Bytes value) {
  return attribute(to_wire(AttributeType::data), value);
}

// --- RFC 8445

MessageBuilder& MessageBuilder::priority(std::uint32_t value) {
  return u32(AttributeType::priority, value);
}
MessageBuilder& MessageBuilder::use_candidate() {
  return attribute(to_wire(AttributeType::use_candidate), {});
}
MessageBuilder& MessageBuilder::ice_controlled(std::uint64_t tie_breaker) {
  return u64(AttributeType::ice_controlled, tie_breaker);
}
MessageBuilder& MessageBuilder::ice_controlling(std::uint64_t tie_breaker) {
  return u64(AttributeType::ice_controlling, tie_breaker);
}

}  // namespace penstock::stun
