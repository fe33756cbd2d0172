#include "dataplane/stun/integrity.h"

#include <array>

#include "dataplane/stun/crc32.h"

namespace penstock::stun {
namespace {

/// MAC of the message up to the attribute at `offset`, as its sender computed it: with a length field that ends at that
/// attribute, whatever was appended later (RFC 8489 section 14.5). Hashes the message where it lies.
template <class Key>
auto mac_up_to(const MessageView& message, std::size_t offset, std::size_t value_bytes, const Key& key) {
  std::array<std::uint8_t, 4> type_and_length;
  store_be16(&type_and_length[0], load_be16(message.bytes().data()));
  store_be16(&type_and_length[2],
             static_cast<std::uint16_t>(offset + kAttributeHeaderBytes + value_bytes - kHeaderBytes));
  return key.mac({type_and_length, message.bytes().subspan(4, offset - 4)});
}

}  // namespace

Verdict verify_integrity(const MessageView& message, const HmacSha1& key) {
  const auto carried = message.find(AttributeType::message_integrity);
  if (!carried) return Verdict::absent;
  if (carried->size() != sizeof(Sha1Digest)) return Verdict::malformed;
  if (!key.has_key()) return Verdict::mismatch;
  const auto mac = mac_up_to(message, message.offset_of(AttributeType::message_integrity), carried->size(), key);
  return equal_in_constant_time(mac, *carried) ? Verdict::valid : Verdict::mismatch;
}

Verdict verify_integrity_sha256(const MessageView& message, const HmacSha256& key, std::size_t shortest_bytes) {
  constexpr std::size_t kShortestAllowed = 16;
  const auto carried = message.find(AttributeType::message_integrity_sha256);
  if (!carried) return Verdict::absent;
  const std::size_t bytes = carried->size();
  if (bytes < kShortestAllowed || bytes < shortest_bytes || bytes > sizeof(Sha256Digest) || bytes % 4 != 0) {
    return Verdict::malformed;
  }
  if (!key.has_key()) return Verdict::mismatch;
  const auto mac = mac_up_to(message, message.offset_of(AttributeType::message_integrity_sha256), bytes, key);
  return equal_in_constant_time(Bytes(mac).first(bytes), *carried) ? Verdict::valid : Verdict::mismatch;
}

Verdict verify_fingerprint(const MessageView& message) {
  const auto carried = message.find(AttributeType::fingerprint);
  if (!carried) return Verdict::absent;
  if (carried->size() != sizeof(std::uint32_t)) return Verdict::malformed;
  // FINGERPRINT is last (the parser saw to that), so the length field needs no patching.
  const std::uint32_t crc = crc32(message.bytes().first(message.offset_of(AttributeType::fingerprint)));
  return (crc ^ kFingerprintXor) == load_be32(carried->data()) ? Verdict::valid : Verdict::mismatch;
}

}  // namespace penstock::stun
