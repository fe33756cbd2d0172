#pragma once
// AES in counter mode with HMAC-SHA1 (RFC 3711 sections 4.1.1 and 4.2.1) by multi-buffer jobs: up to sixteen packets'
// hashes advance together, so a job is done when its batch is.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/srtp/ipsec_mb/initial_vector.h"
#include "dataplane/srtp/ipsec_mb/manager.h"
#include "dataplane/srtp/ipsec_mb/session_keys.h"

namespace penstock::srtp::ipsec_mb {

inline constexpr std::size_t kSha1TagBytes = 10;  // kept of the HMAC's 20; ipsec-mb gives 12 or all

/// Round keys of AES-128, and SHA-1's state after HMAC's inner and outer pad. Plain data.
struct CounterModeKey {
  alignas(16) std::array<std::uint8_t, 11 * kBlockBytes> rounds;
  alignas(4) std::array<std::uint8_t, 20> inner;
  alignas(4) std::array<std::uint8_t, 20> outer;
};

CounterModeKey expand_counter_mode(IMB_MGR& manager, std::span<const std::uint8_t, 16> cipher,
                                   std::span<const std::uint8_t, kAuthenticationKeyBytes> authentication);

/// What one packet's job needs until it is done.
struct Lane {
  InitialVector iv;
  std::array<std::uint8_t, 12> tag;       ///< computed; the first kSha1TagBytes count
  std::array<std::uint8_t, 4> displaced;  ///< bytes of the received tag whose place the roll-over counter took
  bool started;
  bool done;
};

/// One packet's work: ciphers `size` bytes of `packet` from `clear` on to `out`, and hashes its first `hashed` bytes:
/// after encryption, before decryption. `out` may be in place.
struct CounterModeMessage {
  const CounterModeKey* key;
  const std::uint8_t* packet;
  std::uint8_t* out;
  std::size_t clear;
  std::size_t size;
  std::size_t hashed;
};

/// Starts a job with lane.iv. Message and lane stay where they are until finish().
void start(IMB_MGR& manager, IMB_CIPHER_DIRECTION direction, const CounterModeMessage& message, Lane& lane);
/// Ends all jobs; then lane.done tells, and lane.tag is there.
void finish(IMB_MGR& manager);

}  // namespace penstock::srtp::ipsec_mb
