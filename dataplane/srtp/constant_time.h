#pragma once

#include <cstdint>
#include <span>

namespace penstock::srtp {

/// Compares tags of equal length in a time that does not tell where they differ.
inline bool equal_in_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= unsigned{a[i]} ^ unsigned { b[i] };
  // The compiler must not see that one byte could have decided already.
  asm volatile("" : "+r"(difference));
  return difference == 0;
}

}  // namespace penstock::srtp
