#pragma once
// "1-3,7": how the kernel writes sets of cores, nodes and ports.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::control {

/// Both ends included.
struct NumberRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

/// What is no number or range is left out; nothing may be in the text at all.
std::vector<NumberRange> parse_ranges(std::string_view text);
bool holds(std::span<const NumberRange> ranges, std::uint32_t number);
/// "1-3,7"; `numbers` in any order.
std::string to_text(std::vector<std::uint32_t> numbers);

}  // namespace penstock::control
