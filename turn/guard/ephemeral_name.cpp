#include "turn/guard/ephemeral_name.h"

#include <charconv>

namespace penstock::turn {
namespace {

std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || stopped != end || error != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace

std::optional<EphemeralName> parse_ephemeral_name(std::string_view user_name) {
  const std::size_t colon = user_name.find(':');
  const std::string_view head = user_name.substr(0, colon);
  if (const auto expiry = digits(head)) {
    const bool nameless = colon == std::string_view::npos || colon + 1 == user_name.size();
    return EphemeralName{*expiry, nameless ? user_name : user_name.substr(colon + 1)};
  }
  if (colon == std::string_view::npos || head.empty()) return std::nullopt;
  const auto expiry = digits(user_name.substr(colon + 1));
  if (!expiry) return std::nullopt;
  return EphemeralName{*expiry, head};
}

}  // namespace penstock::turn
