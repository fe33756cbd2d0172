#include "dataplane/stun/builder.h"

#include <algorithm>
#include <array>

#include "dataplane/stun/crc32.h"
#include "dataplane/stun/integrity.h"

namespace penstock::stun {
namespace {

constexpr std::size_t kLongestMessageBytes = kHeaderBytes + 0xfffc;
constexpr std::size_t kLongestValueBytes = 0xffff;

/// Method and class bits interleaved as M11..M7 C1 M6..M4 C0 M3..M0 (RFC 8489 section 5).
constexpr std::uint16_t message_type(Method method, Class message_class) {
  const unsigned m = static_cast<unsigned>(method) & kLargestMethod;
  const unsigned c = static_cast<unsigned>(message_class);
  return static_cast<std::uint16_t>((m & 0x00f) | (c & 1) << 4 | (m & 0x070) << 1 | (c & 2) << 7 | (m & 0xf80) << 2);
}

}  // namespace

std::string_view to_string(BuildError error) {
  switch (error) {
    case BuildError::does_not_fit:
      return "does_not_fit";
    case BuildError::invalid_value:
      return "invalid_value";
    case BuildError::out_of_order:
      return "out_of_order";
  }
  return "";
}

MessageBuilder::MessageBuilder(std::span<std::uint8_t> out, Method method, Class message_class,
                               std::span<const std::uint8_t, 12> transaction_id)
    : out_(out.first(std::min(out.size(), kLongestMessageBytes))) {
  if (out_.size() < kHeaderBytes) {
    fail(BuildError::does_not_fit);
    return;
  }
  store_be16(&out_[0], message_type(method, message_class));
  store_be16(&out_[2], 0);
  store_be32(&out_[4], kMagicCookie);
  std::ranges::copy(transaction_id, out_.begin() + 8);
  size_ = kHeaderBytes;
}

MessageBuilder MessageBuilder::success(std::span<std::uint8_t> out, const MessageView& request) {
  return {out, request.method(), Class::success, request.transaction_id()};
}

MessageBuilder MessageBuilder::error(std::span<std::uint8_t> out, const MessageView& request, Error code) {
  MessageBuilder builder(out, request.method(), Class::error, request.transaction_id());
  builder.error_code(code);
  return builder;
}

// --- appending

MessageBuilder& MessageBuilder::fail(BuildError error) {
  if (!error_) error_ = error;
  return *this;
}

bool MessageBuilder::may_append(std::uint16_t type) const {
  switch (stage_) {
    case Stage::attributes:
      return true;
    case Stage::after_integrity:
      return type == to_wire(AttributeType::message_integrity_sha256) || type == to_wire(AttributeType::fingerprint);
    case Stage::after_integrity_sha256:
      return type == to_wire(AttributeType::fingerprint);
    case Stage::ended:
      return false;
  }
  return false;
}

/// Writes an attribute header for `value_bytes`, of which the caller writes the first `written_bytes` (all or none),
/// and zeroes the padding. Null on error.
std::uint8_t* MessageBuilder::reserve(std::uint16_t type, std::size_t value_bytes, std::size_t written_bytes) {
  if (error_) return nullptr;
  if (!may_append(type)) {
    fail(BuildError::out_of_order);
    return nullptr;
  }
  const bool in_buffer = kAttributeHeaderBytes + padded(written_bytes) <= out_.size() - size_;
  const bool in_length_field =
      value_bytes <= kLongestValueBytes && size_ + kAttributeHeaderBytes + padded(value_bytes) <= kLongestMessageBytes;
  if (!in_buffer || !in_length_field) {
    fail(BuildError::does_not_fit);
    return nullptr;
  }
  std::uint8_t* attribute = out_.data() + size_;
  store_be16(attribute, type);
  store_be16(attribute + 2, static_cast<std::uint16_t>(value_bytes));
  std::uint8_t* value = attribute + kAttributeHeaderBytes;
  std::fill(value + written_bytes, value + padded(written_bytes), std::uint8_t{0});
  size_ += kAttributeHeaderBytes + padded(written_bytes);
  return value;
}

std::uint8_t* MessageBuilder::reserve(AttributeType type, std::size_t value_bytes) {
  return reserve(to_wire(type), value_bytes, value_bytes);
}

MessageBuilder& MessageBuilder::attribute(std::uint16_t type, Bytes value) {
  if (std::uint8_t* p = reserve(type, value.size(), value.size())) std::ranges::copy(value, p);
  return *this;
}

MessageBuilder& MessageBuilder::data_in_place(std::size_t value_bytes) {
  if (reserve(to_wire(AttributeType::data), value_bytes, 0) != nullptr) {
    in_place_bytes_ = padded(value_bytes);
    stage_ = Stage::ended;
  }
  return *this;
}

// --- the end of a message

void MessageBuilder::patch_length(std::size_t message_bytes) {
  store_be16(&out_[2], static_cast<std::uint16_t>(message_bytes - kHeaderBytes));
}

// Each of the three covers the bytes before it, under a header whose length already includes it.

MessageBuilder& MessageBuilder::message_integrity(const HmacSha1& key) {
  if (!key.has_key()) return fail(BuildError::invalid_value);
  const std::size_t covered = size_;
  if (std::uint8_t* p = reserve(AttributeType::message_integrity, sizeof(Sha1Digest))) {
    patch_length(size_);
    std::ranges::copy(key.mac(out_.first(covered)), p);
    stage_ = Stage::after_integrity;
  }
  return *this;
}

MessageBuilder& MessageBuilder::message_integrity_sha256(const HmacSha256& key) {
  if (!key.has_key()) return fail(BuildError::invalid_value);
  const std::size_t covered = size_;
  if (std::uint8_t* p = reserve(AttributeType::message_integrity_sha256, sizeof(Sha256Digest))) {
    patch_length(size_);
    std::ranges::copy(key.mac(out_.first(covered)), p);
    stage_ = Stage::after_integrity_sha256;
  }
  return *this;
}

MessageBuilder& MessageBuilder::fingerprint() {
  const std::size_t covered = size_;
  if (std::uint8_t* p = reserve(AttributeType::fingerprint, 4)) {
    patch_length(size_);
    store_be32(p, crc32(out_.first(covered)) ^ kFingerprintXor);
    stage_ = Stage::ended;
  }
  return *this;
}

tl::expected<std::size_t, BuildError> MessageBuilder::finish() {
  if (error_) return tl::unexpected(*error_);
  patch_length(size_ + in_place_bytes_);
  return size_;
}

}  // namespace penstock::stun
