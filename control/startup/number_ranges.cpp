#include "control/startup/number_ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace penstock::control {
namespace {

bool parse_number(std::string_view text, std::uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// "7" or "1-3".
std::optional<NumberRange> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  NumberRange range;
  if (!parse_number(text.substr(0, dash), range.first)) return std::nullopt;
  range.last = range.first;
  if (dash != std::string_view::npos && !parse_number(text.substr(dash + 1), range.last)) return std::nullopt;
  if (range.last < range.first) return std::nullopt;
  return range;
}

}  // namespace

std::vector<NumberRange> parse_ranges(std::string_view text) {
  std::vector<NumberRange> ranges;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (const auto range = parse_range(text.substr(0, comma))) ranges.push_back(*range);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return ranges;
}

bool holds(std::span<const NumberRange> ranges, std::uint32_t number) {
  return std::ranges::any_of(ranges, [&](const NumberRange& r) { return r.first <= number && number <= r.last; });
}

std::string to_text(std::vector<std::uint32_t> numbers) {
  std::ranges::sort(numbers);
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] - numbers[end - 1] <= 1) ++end;
    const std::uint32_t first = numbers[i];
    const std::uint32_t last = numbers[end - 1];
    text += text.empty() ? "" : ",";
    text += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    i = end;
  }
  return text;
}

}  // namespace penstock::control
