#include "dataplane/srtp/ipsec_mb/session_keys.h"

#include <algorithm>

namespace penstock::srtp::ipsec_mb {
namespace {

constexpr std::size_t kLabelOffset = 7;  // key_id = label || 48-bit r, right-aligned with the 112-bit salt
constexpr std::size_t kMaxRoundKeyBytes = 15 * kBlockBytes;

// RFC 3711 section 4.3.2.
enum class Label : std::uint8_t {
  rtp_encryption = 0,
  rtp_authentication = 1,
  rtp_salt = 2,
  rtcp_encryption = 3,
  rtcp_authentication = 4,
  rtcp_salt = 5,
};

void derive(IMB_MGR& manager, const MasterKey& master, Label label, std::span<std::uint8_t> out) {
  std::array<std::uint8_t, kBlockBytes> counter{};
  // 96-bit salts stand left, too, with zeros behind (RFC 7714 section 11).
  std::ranges::copy(master.salt_span(), counter.begin());
  counter[kLabelOffset] ^= static_cast<std::uint8_t>(label);
  keystream(manager, master.key_span(), counter, out);
}

}  // namespace

SessionKeys derive_session_keys(IMB_MGR& manager, const MasterKey& master) {
  SessionKeys keys;
  keys.profile = master.profile;
  const std::size_t key = key_bytes(master.profile);
  const std::size_t salt = salt_bytes(master.profile);
  derive(manager, master, Label::rtp_encryption, std::span(keys.rtp.cipher).first(key));
  derive(manager, master, Label::rtp_salt, std::span(keys.rtp.salt).first(salt));
  derive(manager, master, Label::rtcp_encryption, std::span(keys.rtcp.cipher).first(key));
  derive(manager, master, Label::rtcp_salt, std::span(keys.rtcp.salt).first(salt));
  if (master.profile == Profile::aes128_cm_sha1_80) {
    derive(manager, master, Label::rtp_authentication, keys.rtp.authentication);
    derive(manager, master, Label::rtcp_authentication, keys.rtcp.authentication);
  }
  return keys;
}

void wipe(SessionKeys& keys) {
  for (SessionKey* key : {&keys.rtp, &keys.rtcp}) {
    srtp::wipe(key->cipher);
    srtp::wipe(key->authentication);
    srtp::wipe(key->salt);
  }
}

void keystream(IMB_MGR& manager, std::span<const std::uint8_t> key,
               const std::array<std::uint8_t, kBlockBytes>& counter, std::span<std::uint8_t> out) {
  alignas(64) std::array<std::uint8_t, kMaxRoundKeyBytes> rounds;
  alignas(64) std::array<std::uint8_t, kMaxRoundKeyBytes> unused;  // for decryption, which counter mode never does
  if (key.size() == 32) {
    IMB_AES_KEYEXP_256(&manager, key.data(), rounds.data(), unused.data());
  } else {
    IMB_AES_KEYEXP_128(&manager, key.data(), rounds.data(), unused.data());
  }
  std::ranges::fill(out, std::uint8_t{0});

  IMB_JOB* job = IMB_GET_NEXT_JOB(&manager);
  job->cipher_mode = IMB_CIPHER_CNTR;
  job->cipher_direction = IMB_DIR_ENCRYPT;
  job->chain_order = IMB_ORDER_CIPHER_HASH;
  job->hash_alg = IMB_AUTH_NULL;
  job->enc_keys = rounds.data();
  job->key_len_in_bytes = key.size();
  job->iv = counter.data();
  job->iv_len_in_bytes = counter.size();
  job->src = out.data();
  job->dst = out.data();
  job->cipher_start_src_offset_in_bytes = 0;
  job->msg_len_to_cipher_in_bytes = out.size();
  if (IMB_SUBMIT_JOB(&manager) == nullptr) IMB_FLUSH_JOB(&manager);
  srtp::wipe(rounds);
  srtp::wipe(unused);
}

}  // namespace penstock::srtp::ipsec_mb
