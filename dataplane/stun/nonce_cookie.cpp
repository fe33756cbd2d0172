#include "dataplane/stun/nonce_cookie.h"

#include <algorithm>
#include <cstdint>

namespace penstock::stun {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t kPasswordAlgorithmsBit = 1u << 0;
constexpr std::uint32_t kUsernameAnonymityBit = 1u << 1;

}  // namespace

std::array<char, kNoncePrefixBytes> nonce_prefix(SecurityFeatures features) {
  const std::uint32_t bits = (features.password_algorithms ? kPasswordAlgorithmsBit : 0) |
                             (features.username_anonymity ? kUsernameAnonymityBit : 0);
  std::array<char, kNoncePrefixBytes> prefix;
  char* digit = std::ranges::copy(kNonceCookie, prefix.data()).out;
  for (int shift = 18; shift >= 0; shift -= 6) *digit++ = kBase64[bits >> shift & 0x3f];
  return prefix;
}

std::optional<SecurityFeatures> security_features(std::string_view nonce) {
  if (nonce.size() < kNoncePrefixBytes || !nonce.starts_with(kNonceCookie)) return std::nullopt;
  std::uint32_t bits = 0;
  for (char digit : nonce.substr(kNonceCookie.size(), 4)) {
    const std::size_t value = kBase64.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
  }
  // Bits without a meaning yet are ignored.
  return SecurityFeatures{.password_algorithms = (bits & kPasswordAlgorithmsBit) != 0,
                          .username_anonymity = (bits & kUsernameAnonymityBit) != 0};
}

}  // namespace penstock::stun
