#pragma once
// Session salts, and the initial vectors made of them.

#include <emmintrin.h>

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

/// Stored as a whole: ipsec-mb loads it as a whole right after, which would wait for several small stores to reach the
/// cache. That wait cost 20 ns a packet, as much as 64 bytes of GCM.
using InitialVector = __m128i;

inline InitialVector initial_vector(std::uint64_t high, std::uint64_t low) {
  return _mm_set_epi64x(static_cast<long long>(__builtin_bswap64(low)),
                        static_cast<long long>(__builtin_bswap64(high)));
}

/// IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16): 16 bytes, the last two of them the block counter (RFC 3711
/// section 4.1.1). SRTCP takes its 31-bit index for the 48-bit one.
inline InitialVector counter_mode_iv(const Salt& salt, std::uint32_t ssrc, std::uint64_t index) {
  return initial_vector(salt.high ^ ssrc, salt.low ^ index << 16);
}

/// IV = (0 || SSRC || index) XOR salt: the first 12 bytes (RFC 7714 sections 8.1 and 9.1).
inline InitialVector gcm_iv(const Salt& salt, std::uint32_t ssrc, std::uint64_t index) {
  return initial_vector(salt.high ^ (std::uint64_t{ssrc} << 16 | index >> 32), salt.low ^ index << 32);
}

}  // namespace penstock::srtp::ipsec_mb
