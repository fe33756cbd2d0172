#pragma once
// Keys of the long-term credential mechanism (RFC 8489 section 9.2). A short-term key is the password's bytes.
//
// User, realm and password are hashed byte for byte as given. What RFC 8265 asks to be done to them first is
// opaque_string.h, and done once, where credentials enter the system.

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/stun/hash.h"
#include "dataplane/stun/protocol.h"

namespace penstock::stun {

/// 16 bytes for MD5, 32 for SHA-256. Feed it to HmacSha1 and HmacSha256: which of them checks a message does not depend
/// on how the key was derived.
struct LongTermKey {
  std::array<std::uint8_t, 32> storage{};
  std::uint8_t size = 0;

  Bytes bytes() const { return {storage.data(), size}; }
};

/// Hash of "user:realm:password" (RFC 8489 sections 18.5.1.1 and 18.5.1.2).
LongTermKey long_term_key(PasswordAlgorithm algorithm, std::string_view user, std::string_view realm,
                          std::string_view password);

/// What USERHASH carries: SHA-256 of "user:realm" (RFC 8489 section 14.4).
Sha256Digest userhash(std::string_view user, std::string_view realm);

}  // namespace penstock::stun
