#pragma once
// From a master key to session keys (RFC 3711 section 4.3, RFC 7714 section 11), with a key derivation rate of zero:
// once.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/srtp/ipsec_mb/manager.h"
#include "dataplane/srtp/master_key.h"
#include "dataplane/srtp/profile.h"

namespace penstock::srtp::ipsec_mb {

inline constexpr std::size_t kBlockBytes = 16;              // of AES
inline constexpr std::size_t kAuthenticationKeyBytes = 20;  // of HMAC-SHA1 (RFC 3711 section 5.2)

/// What encrypts and authenticates SRTP, or SRTCP. Bytes past the profile's sizes are zero.
struct SessionKey {
  std::array<std::uint8_t, kMaxKeyBytes> cipher{};
  std::array<std::uint8_t, kAuthenticationKeyBytes> authentication{};  ///< zeros with an AEAD
  std::array<std::uint8_t, kBlockBytes> salt{};
};

struct SessionKeys {
  Profile profile = Profile::aes128_cm_sha1_80;
  SessionKey rtp;
  SessionKey rtcp;
};

/// Secrets: wipe them after use. `manager` must have no jobs under way.
SessionKeys derive_session_keys(IMB_MGR& manager, const MasterKey& master);
void wipe(SessionKeys& keys);

/// AES in counter mode over zeros (RFC 3711 section 4.1.1), from counter block `counter` on: the pseudo-random function
/// of the derivation. `key` has 16 or 32 bytes.
void keystream(IMB_MGR& manager, std::span<const std::uint8_t> key,
               const std::array<std::uint8_t, kBlockBytes>& counter, std::span<std::uint8_t> out);

}  // namespace penstock::srtp::ipsec_mb
