#pragma once
// One's-complement sums (RFC 1071): of buffers, of parts put together and taken apart, and as finished checksums.
//
// Sums and checksums here are 16-bit words AS THEY LIE IN MEMORY: loaded and stored with memcpy, never converted to
// host order. RFC 1071 section 2 (B) allows that; what it asks for is that integers (a length, a protocol) are put into
// network order before they are added: word(). A part that starts at an odd offset counts with its bytes swapped:
// shifted().

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "dataplane/net/address.h"

namespace penstock::net {

/// A host-order integer as the word it is in memory on the wire, and back.
constexpr std::uint16_t word(std::uint16_t host_order) {
  return std::endian::native == std::endian::little ? __builtin_bswap16(host_order) : host_order;
}

/// Any sum to 16 bits. 0 and 0xffff both mean zero; a sum of anything that is not all zero never folds to 0.
constexpr std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// The sum of the same bytes one byte further on.
constexpr std::uint16_t shifted(std::uint16_t sum) {
  return __builtin_bswap16(sum);
}

/// The sum of `part` as it counts inside a whole where it starts at `offset`.
constexpr std::uint16_t at_offset(std::uint16_t part, std::size_t offset) {
  return (offset & 1) != 0 ? shifted(part) : part;
}

/// What is left of `sum` without `part` (a sum at the same alignment).
constexpr std::uint16_t without(std::uint16_t sum, std::uint16_t part) {
  return fold(std::uint32_t{sum} + static_cast<std::uint16_t>(~part));
}

/// `init` plus the sum of `bytes` (at most 1 MB), an odd last byte padded with zero. Up to 65,536 results may be added
/// up before fold().
inline std::uint32_t ones_sum(std::span<const std::uint8_t> bytes, std::uint32_t init = 0) {
  using Lanes [[gnu::vector_size(16)]] = std::uint32_t;
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t total = 0;
  if (left >= 32) {
    // Both halves of every 32-bit word into lanes of their own: nothing carries, and any vector unit can do it.
    Lanes low{};
    Lanes high{};
    for (; left >= 32; left -= 32, at += 32) {
      Lanes a;
      Lanes b;
      std::memcpy(&a, at, 16);
      std::memcpy(&b, at + 16, 16);
      low += (a & 0xffff) + (b & 0xffff);
      high += (a >> 16) + (b >> 16);
    }
    low += high;
    total = std::uint64_t{low[0]} + low[1] + low[2] + low[3];
  }
  for (; left >= 4; left -= 4, at += 4) {
    std::uint32_t w;
    std::memcpy(&w, at, 4);
    total += w;
  }
  if (left != 0) {
    std::uint32_t w = 0;
    std::memcpy(&w, at, left);
    total += w;
  }
  return init + fold(total);
}

/// The pseudo-header of RFC 768 or RFC 8200 section 8.1 for `size` bytes of `protocol`. Both are the same over the
/// 16-byte form: the ff:ff of a v4-mapped address adds 0xffff, which is zero.
inline std::uint32_t pseudo_header_sum(const Address& source, const Address& destination, std::uint8_t protocol,
                                       std::uint16_t size) {
  std::uint64_t sum = std::uint64_t{word(protocol)} + word(size);
  for (const std::uint64_t half : {source.high(), source.low(), destination.high(), destination.low()}) {
    sum += (half & 0xffffffff) + (half >> 32);
  }
  return fold(sum);
}

/// A finished checksum, ready to be stored.
constexpr std::uint16_t complement(std::uint64_t sum) {
  return static_cast<std::uint16_t>(~fold(sum));
}
/// The same for UDP, where 0 would mean "none" and its other form is sent (RFC 768).
constexpr std::uint16_t udp_complement(std::uint64_t sum) {
  const std::uint16_t c = complement(sum);
  return c == 0 ? std::uint16_t{0xffff} : c;
}
/// Whether a sum that includes its own checksum says that nothing was damaged.
constexpr bool holds(std::uint64_t sum) {
  return fold(sum) == 0xffff;
}

}  // namespace penstock::net
