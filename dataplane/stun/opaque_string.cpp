#include "dataplane/stun/opaque_string.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace penstock::stun {
namespace {

struct CodePoint {
  char32_t value;
  std::size_t bytes;
};

struct Range {
  char32_t first;
  char32_t last;
};

/// General category Zs without U+0020.
constexpr std::array<Range, 6> kSpaces{{
    {0x00a0, 0x00a0},
    {0x1680, 0x1680},
    {0x2000, 0x200a},
    {0x202f, 0x202f},
    {0x205f, 0x205f},
    {0x3000, 0x3000},
}};

/// What RFC 8264 section 8 disallows in FreeformClass whatever the neighbours: controls, exceptions of section 9.6, old
/// Hangul jamo, default-ignorable code points, noncharacters of the first plane. The joiners U+200C and U+200D depend
/// on their neighbours and pass.
constexpr std::array<Range, 29> kDisallowed{{
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x061c, 0x061c},   {0x0640, 0x0640},
    {0x07fa, 0x07fa}, {0x1100, 0x11ff}, {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200b},   {0x200e, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f}, {0x302e, 0x302f},   {0x3031, 0x3035},   {0x303b, 0x303b},   {0x3164, 0x3164},
    {0xa960, 0xa97f}, {0xd7b0, 0xd7ff}, {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfff8}, {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
}};

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t c) {
  return std::ranges::any_of(ranges, [c](const Range& r) { return r.first <= c && c <= r.last; });
}

bool disallowed(char32_t c) {
  const bool noncharacter = (c & 0xfffe) == 0xfffe;  // the last two of every plane
  return noncharacter || in(kDisallowed, c);
}

/// RFC 3629: shortest form only, no surrogates, nothing above U+10FFFF.
std::optional<CodePoint> decode_utf8(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (byte(0) < 0x80) return CodePoint{byte(0), 1};
  const std::size_t bytes = byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  if (byte(0) < 0xc0 || byte(0) > 0xf4 || text.size() < bytes) return std::nullopt;
  char32_t value = byte(0) & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::array<char32_t, 5> kSmallestOfLength{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallestOfLength[bytes] || surrogate || value > 0x10ffff) return std::nullopt;
  return CodePoint{value, bytes};
}

}  // namespace

std::string_view to_string(OpaqueStringError error) {
  switch (error) {
    case OpaqueStringError::empty:
      return "empty";
    case OpaqueStringError::not_utf8:
      return "not_utf8";
    case OpaqueStringError::disallowed:
      return "disallowed";
    case OpaqueStringError::does_not_fit:
      return "does_not_fit";
  }
  return "";
}

tl::expected<std::size_t, OpaqueStringError> opaque_string(std::string_view text, std::span<char> out) {
  if (text.empty()) return tl::unexpected(OpaqueStringError::empty);
  if (out.size() < text.size()) return tl::unexpected(OpaqueStringError::does_not_fit);
  std::size_t written = 0;
  while (!text.empty()) {
    const auto c = decode_utf8(text);
    if (!c) return tl::unexpected(OpaqueStringError::not_utf8);
    if (disallowed(c->value)) return tl::unexpected(OpaqueStringError::disallowed);
    if (in(kSpaces, c->value)) {
      out[written++] = ' ';
    } else {
      std::memcpy(&out[written], text.data(), c->bytes);
      written += c->bytes;
    }
    text.remove_prefix(c->bytes);
  }
  return written;
}

}  // namespace penstock::stun
