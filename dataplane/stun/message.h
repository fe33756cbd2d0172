#pragma once
// Reading a STUN message (RFC 8489 section 5): one pass over the attributes, then every lookup is a load.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>

#include "dataplane/stun/attribute_table.h"
#include "dataplane/stun/bytes.h"
#include "dataplane/stun/protocol.h"

namespace penstock::stun {

enum class ParseError : std::uint8_t {
  truncated_header,     ///< fewer than 20 bytes
  not_stun,             ///< one of the first two bits is set
  no_magic_cookie,      ///< an RFC 3489 client, or something else altogether
  unaligned_length,     ///< the length field is no multiple of 4
  length_mismatch,      ///< the length field does not end where the datagram ends
  attribute_overrun,    ///< an attribute reaches past the end of the message
  attribute_after_end,  ///< FINGERPRINT is not the last attribute (RFC 8489 section 14.7)
};
/// snake_case, for counters and tests.
std::string_view to_string(ParseError error);

/// One attribute as it lies in the message: `value` without its padding.
struct Attribute {
  std::uint16_t type = 0;
  Bytes value;

  bool is(AttributeType t) const { return type == to_wire(t); }
};

/// A well-formed message; points into the datagram it was parsed from, which must outlive it. Plain data, copyable.
class MessageView {
 public:
  /// Validates header and attribute layout. `datagram` must hold exactly one message, as a UDP payload does. Values of
  /// attributes are checked by the getters (attributes.h), MACs by integrity.h.
  static tl::expected<MessageView, ParseError> parse(Bytes datagram);

  Class message_class() const { return static_cast<Class>((datagram_[0] & 0x01) << 1 | (datagram_[1] & 0x10) >> 4); }
  Method method() const {
    const unsigned type = load_be16(datagram_.data());
    return static_cast<Method>((type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2);
  }
  bool is(Method m, Class c) const { return method() == m && message_class() == c; }
  std::span<const std::uint8_t, 12> transaction_id() const { return datagram_.subspan<8, 12>(); }
  /// The whole message as received.
  Bytes bytes() const { return datagram_; }

  bool has(AttributeType type) const { return offset_of(type) != 0; }
  /// Value of the first attribute of that type that counts (see `attributes`); nothing if there is none.
  std::optional<Bytes> find(AttributeType type) const {
    const std::size_t offset = offset_of(type);
    if (offset == 0) return std::nullopt;
    return datagram_.subspan(offset + kAttributeHeaderBytes, load_be16(&datagram_[offset + 2]));
  }
  /// Where the header of that attribute starts in `bytes()`; 0 if absent.
  std::size_t offset_of(AttributeType type) const {
    const std::uint8_t slot = attribute_slot(to_wire(type));
    return slot == kNoSlot ? 0 : std::size_t{offset_words_[slot]} * 4;
  }

  /// Attributes in wire order for `for (auto attribute : message.attributes())`, duplicates and unknown types included,
  /// up to the first of MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT. What follows MESSAGE-INTEGRITY is
  /// ignored everywhere, except these last two (RFC 8489 sections 14.5 and 14.6).
  class Range;
  Range attributes() const;

  /// Comprehension-required types we do not know, each once, in wire order, for UNKNOWN-ATTRIBUTES. At most
  /// kMostUnknownTypes are listed: a 420 must stay small.
  std::span<const std::uint16_t> unknown_required() const { return {unknown_.data(), unknown_count_}; }
  static constexpr std::size_t kMostUnknownTypes = 8;

 private:
  explicit MessageView(Bytes datagram) : datagram_(datagram) {}
  std::optional<ParseError> index_attributes();
  void note(std::uint16_t type, std::size_t offset);

  Bytes datagram_;
  /// Per known type the offset of its first occurrence in 32-bit words. Never 0, where the header lies, if present.
  std::array<std::uint16_t, kAttributeSlots> offset_words_{};
  std::uint32_t attributes_end_ = kHeaderBytes;
  std::array<std::uint16_t, kMostUnknownTypes> unknown_{};
  std::uint8_t unknown_count_ = 0;
};

class MessageView::Range {
 public:
  class Iterator {
   public:
    explicit Iterator(const std::uint8_t* at) : at_(at) {}
    Attribute operator*() const { return {load_be16(at_), {at_ + kAttributeHeaderBytes, load_be16(at_ + 2)}}; }
    Iterator& operator++() {
      at_ += kAttributeHeaderBytes + padded(load_be16(at_ + 2));
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const std::uint8_t* at_;
  };

  explicit Range(Bytes attributes) : attributes_(attributes) {}
  Iterator begin() const { return Iterator(attributes_.data()); }
  Iterator end() const { return Iterator(attributes_.data() + attributes_.size()); }

 private:
  Bytes attributes_;
};

inline MessageView::Range MessageView::attributes() const {
  return Range(datagram_.subspan(kHeaderBytes, attributes_end_ - kHeaderBytes));
}

}  // namespace penstock::stun
