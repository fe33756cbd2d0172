#pragma once
// Bytes as RTP sees them: read-only spans, and integers in network order at any alignment.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/net/bytes.h"

namespace penstock::rtp {

using Bytes = std::span<const std::uint8_t>;

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// RTP extensions, SDES chunks and RTCP packets are whole 32-bit words.
constexpr std::size_t padded(std::size_t bytes) {
  return (bytes + 3) & ~std::size_t{3};
}

constexpr std::uint32_t load_be24(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 16 | std::uint32_t{p[1]} << 8 | p[2];
}

constexpr void store_be24(std::uint8_t* p, std::uint32_t value) {
  p[0] = static_cast<std::uint8_t>(value >> 16);
  p[1] = static_cast<std::uint8_t>(value >> 8);
  p[2] = static_cast<std::uint8_t>(value);
}

using net::load_be16;
using net::load_be32;
using net::load_be64;
using net::store_be16;
using net::store_be32;
using net::store_be64;

}  // namespace penstock::rtp
