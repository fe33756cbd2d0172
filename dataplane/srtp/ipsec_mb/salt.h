#pragma once
// Session salts, and the initial vectors made of them.

#include <array>
#include <cstdint>

#include "dataplane/net/bytes.h"

namespace penstock::srtp::ipsec_mb {

/// A session salt as two numbers, zeros behind its 14 or 12 bytes. All zeros is a valid object.
struct Salt {
  std::uint64_t high;
  std::uint64_t low;
};

inline Salt salt_of(const std::array<std::uint8_t, 16>& bytes) {
  return {net::load_be64(bytes.data()), net::load_be64(bytes.data() + 8)};
}

/// IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16): 16 bytes, the last two of them the block counter (RFC 3711
/// section 4.1.1). SRTCP takes its 31-bit index for the 48-bit one.
inline void counter_mode_iv(const Salt& salt, std::uint32_t ssrc, std::uint64_t index, std::uint8_t* iv) {
  net::store_be64(iv, salt.high ^ ssrc);
  net::store_be64(iv + 8, salt.low ^ index << 16);
}

/// IV = (0 || SSRC || index) XOR salt: 12 bytes (RFC 7714 sections 8.1 and 9.1).
inline void gcm_iv(const Salt& salt, std::uint32_t ssrc, std::uint64_t index, std::uint8_t* iv) {
  net::store_be64(iv, salt.high ^ (std::uint64_t{ssrc} << 16 | index >> 32));
  net::store_be32(iv + 8, static_cast<std::uint32_t>(salt.low >> 32) ^ static_cast<std::uint32_t>(index));
}

}  // namespace penstock::srtp::ipsec_mb
