#include "dataplane/srtp/ipsec_mb/counter_mode.h"

#include "dataplane/srtp/master_key.h"

namespace penstock::srtp::ipsec_mb {
namespace {

constexpr std::size_t kHashBlockBytes = 64;  // of SHA-1

/// SHA-1's state after one block of key and pad (RFC 2104 section 2).
void hash_pad(IMB_MGR& manager, std::span<const std::uint8_t> key, std::uint8_t pad, std::uint8_t* state) {
  std::array<std::uint8_t, kHashBlockBytes> block;
  block.fill(pad);
  for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
  IMB_SHA1_ONE_BLOCK(&manager, block.data(), state);
  srtp::wipe(block);
}

void note(const IMB_JOB* job) {
  if (job != nullptr) static_cast<Lane*>(job->user_data)->done = job->status == IMB_STATUS_COMPLETED;
}

}  // namespace

CounterModeKey expand_counter_mode(IMB_MGR& manager, std::span<const std::uint8_t, 16> cipher,
                                   std::span<const std::uint8_t, kAuthenticationKeyBytes> authentication) {
  CounterModeKey key;
  alignas(16) std::array<std::uint8_t, 11 * kBlockBytes> unused;  // for decryption, which counter mode never does
  IMB_AES_KEYEXP_128(&manager, cipher.data(), key.rounds.data(), unused.data());
  hash_pad(manager, authentication, 0x36, key.inner.data());
  hash_pad(manager, authentication, 0x5c, key.outer.data());
  srtp::wipe(unused);
  return key;
}

void start(IMB_MGR& manager, IMB_CIPHER_DIRECTION direction, const CounterModeMessage& message, Lane& lane) {
  lane.started = true;
  lane.done = false;
  IMB_JOB* job = IMB_GET_NEXT_JOB(&manager);
  // A job without bytes to cipher is refused, so empty payloads are only hashed.
  job->cipher_mode = message.size == 0 ? IMB_CIPHER_NULL : IMB_CIPHER_CNTR;
  job->cipher_direction = direction;
  job->chain_order = direction == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
  job->hash_alg = IMB_AUTH_HMAC_SHA_1;
  job->enc_keys = message.key->rounds.data();
  job->key_len_in_bytes = 16;
  job->iv = reinterpret_cast<const std::uint8_t*>(&lane.iv);
  job->iv_len_in_bytes = sizeof lane.iv;
  job->src = message.packet;
  job->dst = message.out;
  job->cipher_start_src_offset_in_bytes = message.clear;
  job->msg_len_to_cipher_in_bytes = message.size;
  job->hash_start_src_offset_in_bytes = 0;
  job->msg_len_to_hash_in_bytes = message.hashed;
  job->auth_tag_output = lane.tag.data();
  job->auth_tag_output_len_in_bytes = lane.tag.size();
  job->u.HMAC._hashed_auth_key_xor_ipad = message.key->inner.data();
  job->u.HMAC._hashed_auth_key_xor_opad = message.key->outer.data();
  job->user_data = &lane;
  note(IMB_SUBMIT_JOB(&manager));
}

void finish(IMB_MGR& manager) {
  while (const IMB_JOB* job = IMB_FLUSH_JOB(&manager)) note(job);
}

}  // namespace penstock::srtp::ipsec_mb
