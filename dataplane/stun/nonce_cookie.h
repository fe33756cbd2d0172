#pragma once
// The start of a nonce that says which RFC 8489 security features a server has (sections 9.2 and 18.1).

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace penstock::stun {

/// Bits count from the least significant one (erratum 6290).
struct SecurityFeatures {
  bool password_algorithms = false;  ///< bit 0
  bool username_anonymity = false;   ///< bit 1

  friend bool operator==(const SecurityFeatures&, const SecurityFeatures&) = default;
};

constexpr std::string_view kNonceCookie = "obMatJos2";
constexpr std::size_t kNoncePrefixBytes = kNonceCookie.size() + 4;

/// "obMatJos2" and 24 bits of features in base64.
std::array<char, kNoncePrefixBytes> nonce_prefix(SecurityFeatures features);

/// The features a nonce announces; nothing if it does not start with the cookie and four base64 characters.
std::optional<SecurityFeatures> security_features(std::string_view nonce);

}  // namespace penstock::stun
