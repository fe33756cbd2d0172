#pragma once
// Cutting the values of SDP lines. Private to the folder.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace penstock::control::sdp {

/// What is in front of the first `separator`, which is cut from `rest` together with it; all of `rest` if there is
/// none.
std::string_view cut(std::string_view& rest, char separator);

/// The words between spaces; several spaces are one.
std::vector<std::string_view> words(std::string_view text);

/// `text` without spaces and tabs at its ends.
std::string_view trimmed(std::string_view text);

/// "token" of RFC 8866 section 9, at least one character.
bool is_token(std::string_view text);

bool equal_ignoring_case(std::string_view a, std::string_view b);

/// The whole of `text` as a decimal number without sign that fits T.
template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || text.front() == '-') return {};
  return value;
}

/// `text` between quotes as an error message shows it: printable and short, whatever a client sent.
std::string quoted(std::string_view text);

}  // namespace penstock::control::sdp
