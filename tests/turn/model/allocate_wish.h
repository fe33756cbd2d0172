#pragma once
// The attributes of an Allocate, right or wrong.

#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"

namespace penstock::turn::test {

/// What an Allocate asks for; families as on the wire: 1 is IPv4, 2 is IPv6, others do not exist.
struct AllocateWish {
  std::optional<std::uint8_t> transport = 17;
  std::optional<std::uint32_t> lifetime_s = {};
  std::optional<std::uint8_t> family = {};
  std::optional<std::uint8_t> additional = {};
  std::optional<bool> even_port = {};  ///< true: reserve the next
  std::optional<stun::ReservationToken> token = {};
  bool dont_fragment = false;
  bool unknown_attribute = false;
};

std::string to_string(const AllocateWish& wish);
void write(stun::MessageBuilder& builder, const AllocateWish& wish);

}  // namespace penstock::turn::test
