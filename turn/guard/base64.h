#pragma once
// Base64 (RFC 4648 section 4) into a caller's array: passwords of ephemeral credentials, nonces.

#include <cstddef>
#include <span>
#include <string_view>

#include "dataplane/stun/bytes.h"

namespace penstock::turn {

/// With padding.
constexpr std::size_t base64_size(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

/// Writes base64_size(bytes.size()) characters to `out`, which must have room, and returns them.
std::string_view base64(stun::Bytes bytes, std::span<char> out);

}  // namespace penstock::turn
