#include "dataplane/stun/opaque_string.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/stun/vectors.h"

namespace penstock::stun {
namespace {

using namespace std::string_literals;

/// The prepared string, or the name of the error in angle brackets.
std::string prepared(const std::string& text) {
  std::string out(text.size(), '?');
  const auto size = opaque_string(text, out);
  return size ? out.substr(0, *size) : "<" + std::string(to_string(size.error())) + ">";
}

TEST(OpaqueString, Table) {
  const struct {
    const char* what;
    std::string text;
    std::string prepared;
  } cases[] = {
      {"ASCII as it is", "correct horse:battery~", "correct horse:battery~"},
      {"the user of RFC 8489 B.1, already composed", std::string(testing::kMatrixUser),
       std::string(testing::kMatrixUser)},
      {"no-break space", "a\u00a0b", "a b"},
      {"ideographic space, shrinking three bytes to one", "\u3000\u3000x", "  x"},
      {"em space, Ogham space", "\u2003\u1680", "  "},
      {"composed and decomposed stay what they are", "\u00e9 e\u0301", "\u00e9 e\u0301"},
      {"compatibility characters are kept", "\u2168\u00aa", "\u2168\u00aa"},
      {"beyond the first plane", "\U0001f40e", "\U0001f40e"},
      {"empty", "", "<empty>"},
      // What RFC 8489 appendix B.1 shows as its password "before OpaqueString" is one only RFC 4013 would map.
      {"soft hyphen", "The\u00adM\u00aatr\u2168", "<disallowed>"},
      {"tab", "a\tb", "<disallowed>"},
      {"NUL", "a\0b"s, "<disallowed>"},
      {"delete", "a\x7f", "<disallowed>"},
      {"C1 control", "\u0085", "<disallowed>"},
      {"zero width space", "a\u200bb", "<disallowed>"},
      {"byte order mark",
       "\ufeff"
       "a",
       "<disallowed>"},
      {"right-to-left override", "a\u202e", "<disallowed>"},
      {"noncharacter", "\uffff", "<disallowed>"},
      {"noncharacter of the last plane", "\U0010fffe", "<disallowed>"},
      {"old Hangul", "\u1100", "<disallowed>"},
      {"lone continuation", "a\x80", "<not_utf8>"},
      {"continuation as first byte", "\xbf\x80", "<not_utf8>"},
      {"overlong slash", "\xc0\xaf", "<not_utf8>"},
      {"overlong in three", "\xe0\x80\xaf", "<not_utf8>"},
      {"overlong in four", "\xf0\x80\x80\xaf", "<not_utf8>"},
      {"surrogate", "\xed\xa0\x80", "<not_utf8>"},
      {"above U+10FFFF", "\xf4\x90\x80\x80", "<not_utf8>"},
      {"five bytes", "\xf8\x88\x80\x80\x80", "<not_utf8>"},
      {"cut in two", "\xc3", "<not_utf8>"},
      {"cut in three", "\xe3\x83", "<not_utf8>"},
      {"cut in four", "\xf0\x9f\x90", "<not_utf8>"},
      {"second byte missing",
       "\xe3"
       "a\x83",
       "<not_utf8>"},
  };
  for (const auto& [what, text, expected] : cases) EXPECT_EQ(prepared(text), expected) << what;
}

TEST(OpaqueString, NeedsAsMuchRoomAsTheText) {
  std::array<char, 2> out;
  EXPECT_EQ(opaque_string("abc", out).error(), OpaqueStringError::does_not_fit);
}

}  // namespace
}  // namespace penstock::stun
