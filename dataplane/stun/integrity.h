#pragma once
// Is the message whole, and from someone who knows the key: MESSAGE-INTEGRITY, its SHA-256 form, and FINGERPRINT.

#include <cstddef>
#include <cstdint>

#include "dataplane/stun/hash.h"
#include "dataplane/stun/message.h"

namespace penstock::stun {

enum class Verdict : std::uint8_t {
  absent,     ///< the message has no such attribute
  malformed,  ///< it has one of a length the RFC does not allow
  mismatch,   ///< computed and carried value differ, or the key object holds no key
  valid,
};

/// MESSAGE-INTEGRITY (RFC 8489 section 14.5): HMAC-SHA1 of everything before it, with a header whose length field ends
/// at it. Compared in constant time.
Verdict verify_integrity(const MessageView& message, const HmacSha1& key);

/// MESSAGE-INTEGRITY-SHA256 (section 14.6). A sender may truncate the MAC to no less than 16 bytes only where the STUN
/// usage says so. TURN and ICE do not, hence the default.
Verdict verify_integrity_sha256(const MessageView& message, const HmacSha256& key, std::size_t shortest_bytes = 32);

/// FINGERPRINT (section 14.7): tells STUN from other traffic, proves nothing.
Verdict verify_fingerprint(const MessageView& message);

constexpr std::uint32_t kFingerprintXor = 0x5354554e;

}  // namespace penstock::stun
