#pragma once
// Integers in network order, at any alignment.

#include <bit>
#include <cstdint>
#include <cstring>

namespace penstock::net {

inline constexpr bool kSwapped = std::endian::native == std::endian::little;

constexpr std::uint16_t load_be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}

constexpr std::uint32_t load_be32(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

constexpr std::uint64_t load_be64(const std::uint8_t* p) {
  return std::uint64_t{load_be32(p)} << 32 | load_be32(p + 4);
}

// As one store each: compilers do not join stores of single bytes that might alias what they load from.
inline void store_be16(std::uint8_t* p, std::uint16_t value) {
  const std::uint16_t stored = kSwapped ? __builtin_bswap16(value) : value;
  std::memcpy(p, &stored, sizeof stored);
}

inline void store_be32(std::uint8_t* p, std::uint32_t value) {
  const std::uint32_t stored = kSwapped ? __builtin_bswap32(value) : value;
  std::memcpy(p, &stored, sizeof stored);
}

inline void store_be64(std::uint8_t* p, std::uint64_t value) {
  const std::uint64_t stored = kSwapped ? __builtin_bswap64(value) : value;
  std::memcpy(p, &stored, sizeof stored);
}

}  // namespace penstock::net
