#pragma once
// CRC-32 of ITU V.42, as FINGERPRINT uses it (RFC 8489 section 14.7).

#include <cstdint>

#include "dataplane/stun/bytes.h"

namespace penstock::stun {

/// crc32 of "123456789" is 0xcbf43926.
std::uint32_t crc32(Bytes bytes);

}  // namespace penstock::stun
