#pragma once
// Percent-encoding (RFC 3986 section 2.1).

#include <optional>
#include <string>
#include <string_view>

namespace penstock::control::http {

/// Nothing for a '%' without two hex digits, or when the text would hold a control character (NUL, line breaks, ...).
std::optional<std::string> percent_decode(std::string_view text);
/// As one path segment or query value: all but the unreserved characters of RFC 3986 section 2.3 are encoded.
std::string percent_encode(std::string_view text);

}  // namespace penstock::control::http
