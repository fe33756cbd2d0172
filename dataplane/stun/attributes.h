#pragma once
// Attribute values as types. Each getter checks length and range, so a caller sees a value or the reason there is none.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <tl/expected.hpp>

#include "dataplane/net/address.h"
#include "dataplane/stun/message.h"

namespace penstock::stun {

enum class AttributeError : std::uint8_t {
  absent,
  malformed,           ///< wrong length or impossible content: 400
  unsupported_family,  ///< an address family other than IPv4 and IPv6: 440 where the RFC gives a code
};

template <class T>
using Decoded = tl::expected<T, AttributeError>;

// --- addresses. An IPv4 address becomes v4-mapped; so does a v4-mapped address that came as IPv6 (DESIGN decision 3).

/// Value of an XOR-...-ADDRESS (RFC 8489 section 14.2). For repeated attributes: CreatePermission may carry several
/// XOR-PEER-ADDRESS, walk them with `attributes()`.
Decoded<net::Endpoint> decode_xor_address(Bytes value, std::span<const std::uint8_t, 12> transaction_id);
/// Value of MAPPED-ADDRESS or ALTERNATE-SERVER (RFC 8489 section 14.1).
Decoded<net::Endpoint> decode_address(Bytes value);

Decoded<net::Endpoint> xor_mapped_address(const MessageView& message);
Decoded<net::Endpoint> xor_peer_address(const MessageView& message);
Decoded<net::Endpoint> xor_relayed_address(const MessageView& message);
Decoded<net::Endpoint> mapped_address(const MessageView& message);
Decoded<net::Endpoint> alternate_server(const MessageView& message);

// --- text, as bytes that were not checked for UTF-8 (RFC 8489 sections 14.3, 14.9, 14.10, 14.14).

Decoded<std::string_view> username(const MessageView& message);
Decoded<std::string_view> realm(const MessageView& message);
Decoded<std::string_view> nonce(const MessageView& message);
Decoded<std::string_view> software(const MessageView& message);

// --- errors

struct ErrorCode {
  std::uint16_t code = 0;  ///< 300 to 699
  std::string_view reason;
};
Decoded<ErrorCode> error_code(const MessageView& message);

/// RFC 8656 section 18.12: which of two requested families could not be served.
struct AddressErrorCode {
  net::Family family = net::Family::v4;
  ErrorCode error;
};
Decoded<AddressErrorCode> address_error_code(const MessageView& message);

/// UNKNOWN-ATTRIBUTES: a list of 16-bit types, still in network order.
Decoded<Bytes> unknown_attributes(const MessageView& message);

// --- authentication

/// SHA-256 of user name and realm in place of USERNAME (RFC 8489 section 14.4).
Decoded<std::span<const std::uint8_t, 32>> userhash(const MessageView& message);

/// RFC 8489 section 14.12. `algorithm` is a number off the wire and may be outside the enum.
struct PasswordAlgorithmChoice {
  PasswordAlgorithm algorithm{};
  Bytes parameters;
};
Decoded<PasswordAlgorithmChoice> password_algorithm(const MessageView& message);
/// PASSWORD-ALGORITHMS, a well-formed list (RFC 8489 section 14.11). A server compares it byte by byte with the list it
/// sent, so that nobody in between can have struck the stronger algorithm from it.
Decoded<Bytes> password_algorithms(const MessageView& message);
/// Whether such a list names the algorithm.
bool lists(Bytes password_algorithms, PasswordAlgorithm algorithm);

// --- TURN (RFC 8656 section 18)

/// Any number; what a server allows (0x4000 to 0x4fff) is for the service to check.
Decoded<std::uint16_t> channel_number(const MessageView& message);
Decoded<std::uint32_t> lifetime_s(const MessageView& message);
Decoded<Bytes> data(const MessageView& message);
Decoded<net::Family> requested_address_family(const MessageView& message);
Decoded<net::Family> additional_address_family(const MessageView& message);
/// The R bit: whether the next higher port is to be reserved.
Decoded<bool> even_port(const MessageView& message);
/// An IP protocol number; kTransportUdp is the one RFC 8656 knows.
Decoded<std::uint8_t> requested_transport(const MessageView& message);
/// True if present; malformed unless empty.
Decoded<bool> dont_fragment(const MessageView& message);
using ReservationToken = std::array<std::uint8_t, 8>;
Decoded<ReservationToken> reservation_token(const MessageView& message);

/// RFC 8656 section 18.13: 7 bits of type and 9 bits of code. `error_data` is the next-hop MTU for ICMPv6 type 2 and
/// ICMPv4 type 3 code 4, else 0.
struct Icmp {
  std::uint8_t type = 0;   ///< 0 to 127: every ICMP error there is, ICMPv6 included
  std::uint16_t code = 0;  ///< 0 to 511
  std::uint32_t error_data = 0;

  friend bool operator==(const Icmp&, const Icmp&) = default;
};
Decoded<Icmp> icmp(const MessageView& message);

// --- ICE (RFC 8445 section 16.1)

Decoded<std::uint32_t> priority(const MessageView& message);
/// True if present; malformed unless empty.
Decoded<bool> use_candidate(const MessageView& message);
/// The tie-breaker.
Decoded<std::uint64_t> ice_controlled(const MessageView& message);
Decoded<std::uint64_t> ice_controlling(const MessageView& message);

}  // namespace penstock::stun
