// SRTCP (RFC 3711 section 3.4, RFC 7714 section 9): one packet at a time, keys expanded for each.

#include <array>
#include <cstring>

#include "dataplane/net/bytes.h"
#include "dataplane/srtp/constant_time.h"
#include "dataplane/srtp/ipsec_mb/batch_cipher.h"
#include "dataplane/srtp/job_checks.h"

namespace penstock::srtp::ipsec_mb {
namespace {

/// The clear header and the word with the flag: what GCM authenticates besides the encrypted part.
std::array<std::uint8_t, kRtcpClearBytes + kRtcpIndexBytes> clear_part(const std::uint8_t* packet,
                                                                       std::uint32_t index_word) {
  std::array<std::uint8_t, kRtcpClearBytes + kRtcpIndexBytes> clear;
  std::memcpy(clear.data(), packet, kRtcpClearBytes);
  net::store_be32(clear.data() + kRtcpClearBytes, index_word);
  return clear;
}

InitialVector rtcp_gcm_iv(const Context& context, const std::uint8_t* packet, std::uint32_t index_word) {
  return gcm_iv(salt_of(context.rtcp.salt), net::load_be32(packet + kRtcpSsrcOffset), index_word & kMaxRtcpIndex);
}

void wipe_key(auto& key) {
  srtp::wipe({reinterpret_cast<std::uint8_t*>(&key), sizeof key});
}

}  // namespace

ProtectedRtcp BatchCipher::protect_rtcp(ContextId id, std::span<std::uint8_t> buffer, std::size_t size) {
  if (find(id) == nullptr) return {Result::no_context, 0};
  Context& context = contexts_[id];
  if (const Result checked = check_plain_rtcp(buffer.size(), size, context.profile); checked != Result::ok) {
    return {checked, 0};
  }
  if (context.rtcp_index == kMaxRtcpIndex) return {Result::key_exhausted, 0};
  const std::uint32_t index_word = kRtcpEncrypted | ++context.rtcp_index;
  const std::span<std::uint8_t> packet = buffer.first(size + rtcp_trailer_bytes(context.profile));
  net::store_be32(packet.data() + rtcp_index_offset(packet.size(), context.profile), index_word);
  const bool sealed = context.profile == Profile::aes128_cm_sha1_80 ? seal_rtcp_counter_mode(context, packet, size)
                                                                    : seal_rtcp_gcm(context, packet, size);
  if (!sealed) return {Result::malformed, 0};
  return {Result::ok, packet.size()};
}

UnprotectedRtcp BatchCipher::unprotect_rtcp(ContextId id, std::span<std::uint8_t> packet) {
  const Context* context = find(id);
  if (context == nullptr) return {Result::no_context, 0, 0};
  if (const Result checked = check_protected_rtcp(packet.size(), context->profile); checked != Result::ok) {
    return {checked, 0, 0};
  }
  const std::uint32_t index_word = rtcp_index_word(packet, context->profile);
  if ((index_word & kRtcpEncrypted) == 0) return {Result::malformed, 0, 0};
  const std::size_t size = packet.size() - rtcp_trailer_bytes(context->profile);
  const bool opened = context->profile == Profile::aes128_cm_sha1_80 ? open_rtcp_counter_mode(*context, packet, size)
                                                                     : open_rtcp_gcm(*context, packet, size);
  if (!opened) return {Result::authentication_failed, 0, 0};
  return {Result::ok, size, index_word & kMaxRtcpIndex};
}

bool BatchCipher::seal_rtcp_gcm(const Context& context, std::span<std::uint8_t> packet, std::size_t size) const {
  const std::uint32_t index_word = rtcp_index_word(packet, context.profile);
  const auto clear = clear_part(packet.data(), index_word);
  const InitialVector iv = rtcp_gcm_iv(context, packet.data(), index_word);
  std::uint8_t* body = packet.data() + kRtcpClearBytes;
  alignas(64) gcm_key_data key;
  gcm(context.profile).expand(context.rtcp.cipher.data(), key);
  gcm(context.profile).seal(key, {&iv, clear, body, body, size - kRtcpClearBytes}, packet.data() + size);
  wipe_key(key);
  return true;
}

bool BatchCipher::open_rtcp_gcm(const Context& context, std::span<std::uint8_t> packet, std::size_t size) const {
  const std::uint32_t index_word = rtcp_index_word(packet, context.profile);
  const auto clear = clear_part(packet.data(), index_word);
  const InitialVector iv = rtcp_gcm_iv(context, packet.data(), index_word);
  std::uint8_t* body = packet.data() + kRtcpClearBytes;
  alignas(64) gcm_key_data key;
  gcm(context.profile).expand(context.rtcp.cipher.data(), key);
  const bool authentic =
      gcm(context.profile).open(key, {&iv, clear, body, body, size - kRtcpClearBytes}, packet.data() + size);
  wipe_key(key);
  return authentic;
}

bool BatchCipher::run_rtcp_counter_mode(const Context& context, IMB_CIPHER_DIRECTION direction,
                                        std::span<std::uint8_t> packet, std::size_t size) {
  Lane& lane = lanes_.front();
  const std::uint32_t index_word = rtcp_index_word(packet, context.profile);
  lane.iv = counter_mode_iv(salt_of(context.rtcp.salt), net::load_be32(packet.data() + kRtcpSsrcOffset),
                            index_word & kMaxRtcpIndex);
  CounterModeKey key = expand_counter_mode(*manager_.functions, std::span(context.rtcp.cipher).first<kBlockBytes>(),
                                           context.rtcp.authentication);
  // Hashed: everything before the tag, the index word included.
  ipsec_mb::start(*manager_.functions, direction,
                  {&key, packet.data(), packet.data() + kRtcpClearBytes, kRtcpClearBytes, size - kRtcpClearBytes,
                   size + kRtcpIndexBytes},
                  lane);
  finish(*manager_.functions);
  wipe_key(key);
  lane.started = false;
  return lane.done;
}

bool BatchCipher::seal_rtcp_counter_mode(const Context& context, std::span<std::uint8_t> packet, std::size_t size) {
  if (!run_rtcp_counter_mode(context, IMB_DIR_ENCRYPT, packet, size)) return false;
  std::memcpy(packet.data() + size + kRtcpIndexBytes, lanes_.front().tag.data(), kSha1TagBytes);
  return true;
}

bool BatchCipher::open_rtcp_counter_mode(const Context& context, std::span<std::uint8_t> packet, std::size_t size) {
  const bool ran = run_rtcp_counter_mode(context, IMB_DIR_DECRYPT, packet, size);
  const auto computed = std::span(lanes_.front().tag).first(kSha1TagBytes);
  if (ran && equal_in_constant_time(packet.last(kSha1TagBytes), computed)) return true;
  srtp::wipe(packet.subspan(kRtcpClearBytes, size - kRtcpClearBytes));
  return false;
}

}  // namespace penstock::srtp::ipsec_mb
