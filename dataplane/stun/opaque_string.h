#pragma once
// Preparing user names, realms and passwords: OpaqueString of RFC 8265 section 4.2, as far as bytes alone allow.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::stun {

enum class OpaqueStringError : std::uint8_t {
  empty,         ///< a zero-length string is not allowed
  not_utf8,      ///< overlong forms, surrogates and values above U+10FFFF included
  disallowed,    ///< a control character or a code point that is none (RFC 8264 section 4.3.3)
  does_not_fit,  ///< `out` is smaller than `text`
};
std::string_view to_string(OpaqueStringError error);

/// Writes the prepared form of `text` to `out` and returns its length, never more than `text.size()`.
///
/// Done: UTF-8 is validated; the non-ASCII spaces (Zs) become U+0020; controls (Cc), noncharacters, the old Hangul
/// letters and the default-ignorable code points that FreeformClass disallows are refused. Not done: NFC normalisation
/// and the tables of unassigned code points, which need the Unicode database. Text is therefore taken as composed by
/// whoever issued it, which is what every TURN client in use does. ASCII comes out as it went in.
tl::expected<std::size_t, OpaqueStringError> opaque_string(std::string_view text, std::span<char> out);

}  // namespace penstock::stun
