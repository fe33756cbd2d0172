#pragma once
// Where MessageView notes each attribute type we know: a slot per type, found by one load.

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/stun/protocol.h"

namespace penstock::stun {

constexpr std::array kKnownAttributes{
    AttributeType::mapped_address,
    AttributeType::username,
    AttributeType::message_integrity,
    AttributeType::error_code,
    AttributeType::unknown_attributes,
    AttributeType::channel_number,
    AttributeType::lifetime,
    AttributeType::xor_peer_address,
    AttributeType::data,
    AttributeType::realm,
    AttributeType::nonce,
    AttributeType::xor_relayed_address,
    AttributeType::requested_address_family,
    AttributeType::even_port,
    AttributeType::requested_transport,
    AttributeType::dont_fragment,
    AttributeType::message_integrity_sha256,
    AttributeType::password_algorithm,
    AttributeType::userhash,
    AttributeType::xor_mapped_address,
    AttributeType::reservation_token,
    AttributeType::priority,
    AttributeType::use_candidate,
    AttributeType::additional_address_family,
    AttributeType::address_error_code,
    AttributeType::password_algorithms,
    AttributeType::icmp,
    AttributeType::software,
    AttributeType::alternate_server,
    AttributeType::fingerprint,
    AttributeType::ice_controlled,
    AttributeType::ice_controlling,
};

constexpr std::size_t kAttributeSlots = kKnownAttributes.size();
static_assert(kAttributeSlots == 32, "MessageView's offsets then fill exactly one cache line");

constexpr std::uint8_t kNoSlot = 0xff;
constexpr std::uint16_t kDraftAdditionalAddressFamily = 0x8032;

namespace detail {

/// All known types lie in 0x0000-0x003f or 0x8000-0x803f, which fold into 128 entries.
constexpr std::size_t fold(std::uint16_t type) {
  return (type & 0x3fu) | (type >> 9 & 0x40u);
}
constexpr bool folds(std::uint16_t type) {
  return (type & 0x7fc0u) == 0;
}

constexpr std::array<std::uint8_t, 128> slot_of_folded_type() {
  std::array<std::uint8_t, 128> slots{};
  slots.fill(kNoSlot);
  for (std::size_t slot = 0; slot < kAttributeSlots; ++slot) {
    slots[fold(to_wire(kKnownAttributes[slot]))] = static_cast<std::uint8_t>(slot);
  }
  // The number coturn's clients give it, from the draft that became RFC 8656.
  slots[fold(kDraftAdditionalAddressFamily)] = slots[fold(to_wire(AttributeType::additional_address_family))];
  return slots;
}

inline constexpr std::array<std::uint8_t, 128> kSlotOfFoldedType = slot_of_folded_type();

}  // namespace detail

/// 0 to kAttributeSlots - 1, or kNoSlot for a type we do not know.
constexpr std::uint8_t attribute_slot(std::uint16_t type) {
  return detail::folds(type) ? detail::kSlotOfFoldedType[detail::fold(type)] : kNoSlot;
}

}  // namespace penstock::stun
