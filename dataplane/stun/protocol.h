#pragma once
// The numbers of STUN (RFC 8489), TURN (RFC 8656) and ICE (RFC 8445): classes, methods, attributes, error codes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::stun {

constexpr std::uint32_t kMagicCookie = 0x2112a442;
constexpr std::size_t kHeaderBytes = 20;
constexpr std::size_t kAttributeHeaderBytes = 4;

/// 96 random bits chosen by whoever sends the request or indication.
using TransactionId = std::array<std::uint8_t, 12>;

enum class Class : std::uint8_t { request = 0, indication = 1, success = 2, error = 3 };

/// A message off the wire may carry a method outside this list; it is kept as its number.
enum class Method : std::uint16_t {
  binding = 0x001,
  allocate = 0x003,
  refresh = 0x004,
  send = 0x006,
  data = 0x007,
  create_permission = 0x008,
  channel_bind = 0x009,
};
constexpr std::uint16_t kLargestMethod = 0xfff;

/// Values below 0x8000 are comprehension-required: a request with one we do not know is answered 420.
enum class AttributeType : std::uint16_t {
  mapped_address = 0x0001,
  username = 0x0006,
  message_integrity = 0x0008,
  error_code = 0x0009,
  unknown_attributes = 0x000a,
  channel_number = 0x000c,
  lifetime = 0x000d,
  xor_peer_address = 0x0012,
  data = 0x0013,
  realm = 0x0014,
  nonce = 0x0015,
  xor_relayed_address = 0x0016,
  requested_address_family = 0x0017,
  even_port = 0x0018,
  requested_transport = 0x0019,
  dont_fragment = 0x001a,
  message_integrity_sha256 = 0x001c,
  password_algorithm = 0x001d,
  userhash = 0x001e,
  xor_mapped_address = 0x0020,
  reservation_token = 0x0022,
  priority = 0x0024,
  use_candidate = 0x0025,
  additional_address_family = 0x8000,
  address_error_code = 0x8001,
  password_algorithms = 0x8002,
  icmp = 0x8004,
  software = 0x8022,
  alternate_server = 0x8023,
  fingerprint = 0x8028,
  ice_controlled = 0x8029,
  ice_controlling = 0x802a,
};

constexpr std::uint16_t to_wire(AttributeType type) {
  return static_cast<std::uint16_t>(type);
}

constexpr bool comprehension_required(std::uint16_t type) {
  return type < 0x8000;
}

/// RFC 8489 section 14.8, RFC 8656 section 19, RFC 8445 section 7.3.1.1.
enum class Error : std::uint16_t {
  try_alternate = 300,
  bad_request = 400,
  unauthenticated = 401,
  forbidden = 403,
  unknown_attribute = 420,
  allocation_mismatch = 437,
  stale_nonce = 438,
  address_family_not_supported = 440,
  wrong_credentials = 441,
  unsupported_transport_protocol = 442,
  peer_address_family_mismatch = 443,
  allocation_quota_reached = 486,
  role_conflict = 487,
  server_error = 500,
  insufficient_capacity = 508,
};

/// The phrase the registering RFC gives, "" for a code outside the list.
std::string_view reason_phrase(Error code);

/// RFC 8489 section 18.5: how a long-term key is derived from user, realm and password.
enum class PasswordAlgorithm : std::uint16_t { md5 = 1, sha256 = 2 };

/// IP protocol number for REQUESTED-TRANSPORT.
constexpr std::uint8_t kTransportUdp = 17;

/// Longest values in bytes when received and when sent (RFC 8489 sections 14.3, 14.8, 14.9, 14.10, 14.14). "Fewer than
/// 128 characters" is 763 bytes for a receiver, which counts six bytes per character, and 509 for a sender.
constexpr std::size_t kLongestUsernameBytes = 508;
constexpr std::size_t kLongestTextReceivedBytes = 763;
constexpr std::size_t kLongestTextSentBytes = 509;

}  // namespace penstock::stun
