#include "dataplane/srtp/ipsec_mb/gcm.h"

#include <array>

#include "dataplane/srtp/constant_time.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::srtp::ipsec_mb {

Gcm::Gcm(const IMB_MGR& manager, Profile profile)
    : expand_(key_bytes(profile) == 32 ? manager.gcm256_pre : manager.gcm128_pre),
      encrypt_(key_bytes(profile) == 32 ? manager.gcm256_enc : manager.gcm128_enc),
      decrypt_(key_bytes(profile) == 32 ? manager.gcm256_dec : manager.gcm128_dec) {}

void Gcm::seal(const gcm_key_data& key, const GcmMessage& message, std::uint8_t* tag) const {
  gcm_context_data state;
  encrypt_(&key, &state, message.out, message.in, message.size, reinterpret_cast<const std::uint8_t*>(message.iv),
           message.clear.data(), message.clear.size(), tag, kGcmTagBytes);
}

bool Gcm::open(const gcm_key_data& key, const GcmMessage& message, const std::uint8_t* tag) const {
  gcm_context_data state;
  std::array<std::uint8_t, kGcmTagBytes> expected;
  decrypt_(&key, &state, message.out, message.in, message.size, reinterpret_cast<const std::uint8_t*>(message.iv),
           message.clear.data(), message.clear.size(), expected.data(), kGcmTagBytes);
  if (equal_in_constant_time(expected, {tag, kGcmTagBytes})) return true;
  srtp::wipe({message.out, message.size});
  return false;
}

}  // namespace penstock::srtp::ipsec_mb
