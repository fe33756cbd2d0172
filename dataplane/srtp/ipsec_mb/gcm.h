#pragma once
// AES-GCM by direct calls (RFC 7714): on one packet as fast as any queue, and done when the call returns.

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/srtp/ipsec_mb/initial_vector.h"
#include "dataplane/srtp/ipsec_mb/manager.h"
#include "dataplane/srtp/profile.h"

namespace penstock::srtp::ipsec_mb {

inline constexpr std::size_t kGcmTagBytes = 16;

/// One packet's work. `in` and `out` may be the same.
struct GcmMessage {
  const InitialVector* iv;
  std::span<const std::uint8_t> clear;  ///< authenticated only
  const std::uint8_t* in;
  std::uint8_t* out;
  std::size_t size;
};

/// The functions for one key size.
class Gcm {
 public:
  Gcm(const IMB_MGR& manager, Profile profile);

  /// The key's powers and round keys; `key` has key_bytes(profile) bytes.
  void expand(const std::uint8_t* key, gcm_key_data& expanded) const { expand_(key, &expanded); }
  void seal(const gcm_key_data& key, const GcmMessage& message, std::uint8_t* tag) const;
  /// False when `tag` is another one; then `out` is zeros.
  bool open(const gcm_key_data& key, const GcmMessage& message, const std::uint8_t* tag) const;

 private:
  aes_gcm_pre_t expand_;
  aes_gcm_enc_dec_t encrypt_;
  aes_gcm_enc_dec_t decrypt_;
};

}  // namespace penstock::srtp::ipsec_mb
