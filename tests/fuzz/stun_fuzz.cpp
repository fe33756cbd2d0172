// Any bytes as a STUN message and as ChannelData: every getter is walked, and what was read is built again and
// compared.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/stun/attribute_table.h"
#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/channel_data.h"
#include "dataplane/stun/demultiplex.h"
#include "dataplane/stun/integrity.h"
#include "dataplane/stun/nonce_cookie.h"
#include "dataplane/stun/opaque_string.h"
#include "tests/fuzz/require.h"

namespace penstock::stun {
namespace {

using Buffer = std::array<std::uint8_t, 70000>;
Buffer buffer;

const HmacSha1 kSha1Key{bytes_of("fuzz")};
const HmacSha256 kSha256Key{bytes_of("fuzz")};

MessageBuilder same_header(const MessageView& message) {
  return {buffer, message.method(), message.message_class(), message.transaction_id()};
}

bool inside(Bytes part, Bytes whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

/// If `read` finds a value, a message built from that value alone must read back as the same value.
template <class Read, class Write, class Equal = std::equal_to<>>
void round_trip(const MessageView& message, Read read, Write write, Equal equal = {}) {
  const auto value = read(message);
  if (!value) return;
  MessageBuilder builder = same_header(message);
  write(builder, *value);
  const auto size = builder.finish();
  if (!size) {
    // A receiver takes longer text than a sender may send.
    REQUIRE(size.error() == BuildError::invalid_value);
    return;
  }
  const auto again = MessageView::parse(Bytes(buffer).first(*size));
  REQUIRE(again);
  const auto reread = read(*again);
  REQUIRE(reread && equal(*reread, *value));
}

constexpr auto kSameBytes = [](const auto& a, const auto& b) { return std::ranges::equal(a, b); };

void round_trip_every_getter(const MessageView& m) {
  using B = MessageBuilder;
  round_trip(m, xor_mapped_address, [](B& b, auto& v) { b.xor_mapped_address(v); });
  round_trip(m, xor_peer_address, [](B& b, auto& v) { b.xor_peer_address(v); });
  round_trip(m, xor_relayed_address, [](B& b, auto& v) { b.xor_relayed_address(v); });
  round_trip(m, mapped_address, [](B& b, auto& v) { b.mapped_address(v); });
  round_trip(m, alternate_server, [](B& b, auto& v) { b.alternate_server(v); });
  round_trip(m, username, [](B& b, auto& v) { b.username(v); });
  round_trip(m, realm, [](B& b, auto& v) { b.realm(v); });
  round_trip(m, nonce, [](B& b, auto& v) { b.nonce(v); });
  round_trip(m, software, [](B& b, auto& v) { b.software(v); });
  round_trip(
      m, error_code, [](B& b, auto& v) { b.error_code(v.code, v.reason); },
      [](auto& a, auto& b) { return a.code == b.code && a.reason == b.reason; });
  round_trip(
      m, address_error_code, [](B& b, auto& v) { b.address_error_code(v.family, Error{v.error.code}); },
      [](auto& a, auto& b) { return a.family == b.family && a.error.code == b.error.code; });
  round_trip(m, userhash, [](B& b, auto& v) { b.userhash(v); }, kSameBytes);
  round_trip(m, channel_number, [](B& b, auto& v) { b.channel_number(v); });
  round_trip(m, lifetime_s, [](B& b, auto& v) { b.lifetime(v); });
  round_trip(m, stun::data, [](B& b, auto& v) { b.data(v); }, kSameBytes);
  round_trip(m, requested_address_family, [](B& b, auto& v) { b.requested_address_family(v); });
  round_trip(m, additional_address_family, [](B& b, auto& v) { b.additional_address_family(v); });
  round_trip(m, even_port, [](B& b, auto& v) { b.even_port(v); });
  round_trip(m, requested_transport, [](B& b, auto& v) { b.requested_transport(v); });
  round_trip(m, dont_fragment, [](B& b, auto&) { b.dont_fragment(); });
  round_trip(m, reservation_token, [](B& b, auto& v) { b.reservation_token(v); });
  round_trip(m, icmp, [](B& b, auto& v) { b.icmp(v); });
  round_trip(m, priority, [](B& b, auto& v) { b.priority(v); });
  round_trip(m, use_candidate, [](B& b, auto&) { b.use_candidate(); });
  round_trip(m, ice_controlled, [](B& b, auto& v) { b.ice_controlled(v); });
  round_trip(m, ice_controlling, [](B& b, auto& v) { b.ice_controlling(v); });
}

/// The getters whose values have no builder of the same shape.
void walk_lists(const MessageView& message) {
  if (const auto types = unknown_attributes(message)) REQUIRE(types->size() % 2 == 0);
  if (const auto choice = password_algorithm(message)) REQUIRE(inside(choice->parameters, message.bytes()));
  if (const auto list = password_algorithms(message)) {
    lists(*list, PasswordAlgorithm::md5);
    lists(*list, PasswordAlgorithm::sha256);
  }
  if (const auto text = nonce(message)) security_features(*text);
  REQUIRE(message.unknown_required().size() <= MessageView::kMostUnknownTypes);
}

/// All attributes that count, copied into a new message and signed: the same attributes, and integrity that verifies.
void rebuild_and_sign(const MessageView& message) {
  MessageBuilder builder = same_header(message);
  for (const Attribute& attribute : message.attributes()) {
    REQUIRE(inside(attribute.value, message.bytes()));
    builder.attribute(attribute.type, attribute.value);
  }
  builder.message_integrity(kSha1Key).message_integrity_sha256(kSha256Key).fingerprint();
  const auto size = builder.finish();
  if (!size) {
    REQUIRE(size.error() == BuildError::does_not_fit && message.bytes().size() > 0xff00);
    return;
  }
  const auto again = MessageView::parse(Bytes(buffer).first(*size));
  REQUIRE(again);
  REQUIRE(again->is(message.method(), message.message_class()));
  REQUIRE(verify_integrity(*again, kSha1Key) == Verdict::valid);
  REQUIRE(verify_integrity_sha256(*again, kSha256Key) == Verdict::valid);
  REQUIRE(verify_fingerprint(*again) == Verdict::valid);
  REQUIRE(std::ranges::equal(again->unknown_required(), message.unknown_required()));
  auto copy = again->attributes().begin();
  for (const Attribute& attribute : message.attributes()) {
    REQUIRE((*copy).type == attribute.type && std::ranges::equal((*copy).value, attribute.value));
    ++copy;
  }
  REQUIRE(copy == again->attributes().end());
}

void walk_message(Bytes datagram) {
  const auto message = MessageView::parse(datagram);
  if (!message) return;
  REQUIRE(classify(datagram) == PacketKind::stun || datagram[0] >= 4);
  for (AttributeType type : kKnownAttributes) {
    const auto value = message->find(type);
    REQUIRE(value.has_value() == message->has(type));
    if (!value) continue;
    const std::uint16_t found = load_be16(&datagram[message->offset_of(type)]);
    REQUIRE(inside(*value, datagram));
    REQUIRE(found == to_wire(type) ||
            (type == AttributeType::additional_address_family && found == kDraftAdditionalAddressFamily));
  }
  // A message under nobody's key does not verify; the sizes of the carried values are what varies here.
  verify_integrity(*message, kSha1Key);
  verify_integrity_sha256(*message, kSha256Key);
  verify_integrity_sha256(*message, kSha256Key, 16);
  verify_fingerprint(*message);
  round_trip_every_getter(*message);
  walk_lists(*message);
  rebuild_and_sign(*message);
}

/// The same bytes under a header that is right, so that the fuzzer need not guess cookie and length.
void walk_repaired(Bytes datagram) {
  if (datagram.size() < kHeaderBytes) return;
  const std::size_t size = std::min<std::size_t>(kHeaderBytes + 0xfffc, datagram.size() & ~std::size_t{3});
  std::vector<std::uint8_t> repaired(datagram.begin(), datagram.begin() + size);
  repaired[0] &= 0x3f;
  store_be16(&repaired[2], static_cast<std::uint16_t>(size - kHeaderBytes));
  store_be32(&repaired[4], kMagicCookie);
  walk_message(repaired);
}

void walk_channel_data(Bytes datagram) {
  const auto message = parse_channel_data(datagram);
  if (!message) return;
  REQUIRE(inside(message->data, datagram));
  std::array<std::uint8_t, kChannelDataHeaderBytes> header;
  write_channel_data_header(header, message->channel, static_cast<std::uint16_t>(message->data.size()));
  REQUIRE(std::ranges::equal(header, datagram.first(header.size())));
}

void walk_text(std::string_view text) {
  std::string prepared(text.size(), '\0');
  const auto size = opaque_string(text, prepared);
  if (!size) return;
  REQUIRE(*size > 0 && *size <= text.size());
  prepared.resize(*size);
  // Preparing twice changes nothing (RFC 8264 section 7).
  std::string twice(prepared.size(), '\0');
  const auto again = opaque_string(prepared, twice);
  REQUIRE(again && *again == *size && twice == prepared);
}

}  // namespace
}  // namespace penstock::stun

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const penstock::stun::Bytes datagram(data, size);
  penstock::stun::walk_message(datagram);
  penstock::stun::walk_repaired(datagram);
  penstock::stun::walk_channel_data(datagram);
  penstock::stun::walk_text(penstock::stun::text_of(datagram));
  return 0;
}
