#pragma once
// Test vectors as the RFCs print them: hex digits, anything else is ignored.

#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::stun::testing {

inline std::vector<std::uint8_t> hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (unsigned char c : text) {
    if (!std::isxdigit(c)) continue;
    const int digit = std::isdigit(c) ? c - '0' : std::tolower(c) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

template <class Range>
std::string to_hex(const Range& bytes) {
  std::string text;
  for (std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace penstock::stun::testing
