#pragma once
// Writing a STUN message into the caller's buffer: attributes are appended in order, nothing is ever written past the
// end.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>

#include "dataplane/net/address.h"
#include "dataplane/stun/attributes.h"
#include "dataplane/stun/hash.h"
#include "dataplane/stun/protocol.h"

namespace penstock::stun {

enum class BuildError : std::uint8_t {
  does_not_fit,   ///< the buffer, or the 16-bit length field, is too small
  invalid_value,  ///< text longer than its RFC allows, an error code outside 300-699, a key that holds no key
  out_of_order,   ///< an attribute where none may follow (RFC 8489 sections 14.5-14.7), or after `data_in_place`
};
std::string_view to_string(BuildError error);

/// Builds one message. The first error sticks: later calls do nothing and `finish` reports it, so calls can be chained
/// and checked once:
///
///   auto size = MessageBuilder::success(out, request).xor_mapped_address(client).fingerprint().finish();
///
/// Writes only into `out`, which must outlive the builder. No allocation.
class MessageBuilder {
 public:
  MessageBuilder(std::span<std::uint8_t> out, Method method, Class message_class,
                 std::span<const std::uint8_t, 12> transaction_id);
  /// Answers to `request`: its method and transaction id.
  static MessageBuilder success(std::span<std::uint8_t> out, const MessageView& request);
  /// With ERROR-CODE and the code's own reason phrase.
  static MessageBuilder error(std::span<std::uint8_t> out, const MessageView& request, Error code);

  MessageBuilder& xor_mapped_address(const net::Endpoint& endpoint);
  MessageBuilder& xor_peer_address(const net::Endpoint& endpoint);
  MessageBuilder& xor_relayed_address(const net::Endpoint& endpoint);
  MessageBuilder& mapped_address(const net::Endpoint& endpoint);
  MessageBuilder& alternate_server(const net::Endpoint& endpoint);

  MessageBuilder& username(std::string_view text);
  MessageBuilder& realm(std::string_view text);
  MessageBuilder& nonce(std::string_view text);
  MessageBuilder& software(std::string_view text);

  MessageBuilder& error_code(Error code) { return error_code(static_cast<std::uint16_t>(code), reason_phrase(code)); }
  /// `reason` may be empty where bytes matter.
  MessageBuilder& error_code(std::uint16_t code, std::string_view reason);
  MessageBuilder& address_error_code(net::Family family, Error code);
  MessageBuilder& unknown_attributes(std::span<const std::uint16_t> types);

  MessageBuilder& userhash(std::span<const std::uint8_t, 32> hash);
  MessageBuilder& password_algorithm(PasswordAlgorithm algorithm);
  MessageBuilder& password_algorithms(std::span<const PasswordAlgorithm> algorithms);

  MessageBuilder& channel_number(std::uint16_t channel);
  MessageBuilder& lifetime(std::uint32_t lifetime_s);
  MessageBuilder& requested_address_family(net::Family family);
  MessageBuilder& additional_address_family(net::Family family);
  MessageBuilder& even_port(bool reserve_next);
  MessageBuilder& requested_transport(std::uint8_t protocol);
  MessageBuilder& dont_fragment();
  MessageBuilder& reservation_token(const ReservationToken& token);
  MessageBuilder& icmp(const Icmp& icmp);
  MessageBuilder& data(Bytes value);

  MessageBuilder& priority(std::uint32_t priority);
  MessageBuilder& use_candidate();
  MessageBuilder& ice_controlled(std::uint64_t tie_breaker);
  MessageBuilder& ice_controlling(std::uint64_t tie_breaker);

  /// Any attribute, also of a type this codec does not know.
  MessageBuilder& attribute(std::uint16_t type, Bytes value);

  /// Ends the message with a DATA attribute of which only the 4-byte header is written: the value lies elsewhere, and
  /// the sender gathers the bytes `finish` reports, the value, and `padding_bytes(value_bytes)` zeros. A relayed
  /// payload thus goes into a Data indication without being copied.
  MessageBuilder& data_in_place(std::size_t value_bytes);
  static constexpr std::size_t padding_bytes(std::size_t value_bytes) { return padded(value_bytes) - value_bytes; }

  /// MESSAGE-INTEGRITY over everything so far. Only SHA-256 integrity and FINGERPRINT may follow.
  MessageBuilder& message_integrity(const HmacSha1& key);
  /// MESSAGE-INTEGRITY-SHA256, all 32 bytes. Only FINGERPRINT may follow.
  MessageBuilder& message_integrity_sha256(const HmacSha256& key);
  MessageBuilder& fingerprint();

  /// Patches the length. Bytes of `out` used: the message, or with `data_in_place` its head.
  tl::expected<std::size_t, BuildError> finish();

 private:
  /// What may still be appended.
  enum class Stage : std::uint8_t { attributes, after_integrity, after_integrity_sha256, ended };

  MessageBuilder& fail(BuildError error);
  std::uint8_t* reserve(AttributeType type, std::size_t value_bytes);
  std::uint8_t* reserve(std::uint16_t type, std::size_t value_bytes, std::size_t written_bytes);
  bool may_append(std::uint16_t type) const;
  MessageBuilder& text(AttributeType type, std::string_view text, std::size_t longest_bytes);
  MessageBuilder& address(AttributeType type, const net::Endpoint& endpoint, bool xored);
  MessageBuilder& u32(AttributeType type, std::uint32_t value);
  MessageBuilder& u64(AttributeType type, std::uint64_t value);
  MessageBuilder& family(AttributeType type, net::Family family);
  void patch_length(std::size_t message_bytes);

  std::span<std::uint8_t> out_;
  std::size_t size_ = 0;            ///< written so far
  std::size_t in_place_bytes_ = 0;  ///< value and padding after `data_in_place`
  Stage stage_ = Stage::attributes;
  std::optional<BuildError> error_;
};

}  // namespace penstock::stun
