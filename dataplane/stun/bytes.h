#pragma once
// Bytes as STUN sees them: read-only spans, and integers in network order at any alignment.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/net/bytes.h"

namespace penstock::stun {

using Bytes = std::span<const std::uint8_t>;

inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Attributes and ChannelData are padded to 4 bytes (RFC 8489 section 14, RFC 8656 section 12.4).
constexpr std::size_t padded(std::size_t bytes) {
  return (bytes + 3) & ~std::size_t{3};
}

using net::load_be16;
using net::load_be32;
using net::load_be64;
using net::store_be16;
using net::store_be32;
using net::store_be64;

}  // namespace penstock::stun
