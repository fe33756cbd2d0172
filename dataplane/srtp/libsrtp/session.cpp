#include "dataplane/srtp/libsrtp/session.h"

#include <algorithm>
#include <array>
#include <vector>

#include "dataplane/net/bytes.h"
#include "dataplane/srtp/job_checks.h"

namespace penstock::srtp::libsrtp {
namespace {

constexpr std::size_t kMaxStreams = 512;       // then one is made anew for another
constexpr std::size_t kMaxRtcpSenders = 4096;  // of one key: whoever sent stays
constexpr unsigned long kWindow = 1024;        // of libsrtp, in packets
constexpr std::uint64_t kForward = 1u << 14;   // below this, libsrtp's own estimate finds the index (RFC 3711 3.3.1)

void set_policy(Profile profile, srtp_crypto_policy_t& policy) {
  switch (profile) {
    case Profile::aes128_cm_sha1_80:
      return srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy);
    case Profile::aead_aes_128_gcm:
      return srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy);
    case Profile::aead_aes_256_gcm:
      return srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy);
  }
}

/// Sizes were checked before, so what libsrtp refuses to open is not authentic.
Result opened(srtp_err_status_t status) {
  return status == srtp_err_status_ok ? Result::ok : Result::authentication_failed;
}

bool is_replay(srtp_err_status_t status) {
  return status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old ||
         status == srtp_err_status_pkt_idx_old;
}

std::uint32_t rtp_ssrc(std::span<const std::uint8_t> packet) {
  return net::load_be32(packet.data() + kRtpSsrcOffset);
}

std::uint32_t rtcp_ssrc(std::span<const std::uint8_t> packet) {
  return net::load_be32(packet.data() + kRtcpSsrcOffset);
}

}  // namespace

bool Session::open(const MasterKey& key) {
  close();
  key_ = key;
  return srtp_create(&session_, nullptr) == srtp_err_status_ok;
}

void Session::close() {
  if (session_ != nullptr) srtp_dealloc(session_);
  session_ = nullptr;
  streams_.clear();
  wipe(key_);
}

bool Session::add(std::uint32_t ssrc, std::uint32_t roll_over_counter) {
  std::array<std::uint8_t, kMaxKeyBytes + kMaxSaltBytes> key_and_salt{};
  std::ranges::copy(key_.salt_span(), std::ranges::copy(key_.key_span(), key_and_salt.begin()).out);
  srtp_policy_t policy{};
  set_policy(key_.profile, policy.rtp);
  set_policy(key_.profile, policy.rtcp);
  policy.ssrc = {ssrc_specific, ssrc};
  policy.key = key_and_salt.data();
  policy.window_size = kWindow;
  policy.allow_repeat_tx = 1;
  const bool added = srtp_add_stream(session_, &policy) == srtp_err_status_ok;
  wipe(key_and_salt);
  if (!added) return false;
  streams_.emplace(ssrc, Stream{});
  // Zero is where a stream begins; asking for it would be taken for asking nothing.
  return roll_over_counter == 0 || srtp_set_stream_roc(session_, ssrc, roll_over_counter) == srtp_err_status_ok;
}

void Session::make_room() {
  if (streams_.size() >= kMaxStreams) drop(streams_.begin()->first);
}

void Session::drop(std::uint32_t ssrc) {
  srtp_remove_stream(session_, __builtin_bswap32(ssrc));
  streams_.erase(ssrc);
}

bool Session::aim(std::uint32_t ssrc, std::uint64_t packet_index) {
  if (const auto found = streams_.find(ssrc); found != streams_.end()) {
    const Stream& stream = found->second;
    const bool ahead = packet_index >= stream.highest;
    const bool near = ahead ? packet_index - stream.highest < kForward : stream.highest - packet_index < kWindow;
    if (stream.used && near) return true;
    drop(ssrc);
  }
  make_room();
  return add(ssrc, static_cast<std::uint32_t>(packet_index >> 16));
}

void Session::note(std::uint32_t ssrc, std::uint64_t packet_index) {
  Stream& stream = streams_[ssrc];
  stream.highest = stream.used ? std::max(stream.highest, packet_index) : packet_index;
  stream.used = true;
}

Result Session::protect(std::span<std::uint8_t> packet, std::uint64_t packet_index, std::size_t& size) {
  const std::uint32_t ssrc = rtp_ssrc(packet);
  if (!aim(ssrc, packet_index)) return Result::malformed;
  int length = static_cast<int>(size);
  if (srtp_protect(session_, packet.data(), &length) != srtp_err_status_ok) {
    drop(ssrc);
    return Result::malformed;
  }
  note(ssrc, packet_index);
  size = static_cast<std::size_t>(length);
  return Result::ok;
}

Result Session::unprotect(std::span<std::uint8_t> packet, std::uint64_t packet_index, std::size_t& size) {
  const std::uint32_t ssrc = rtp_ssrc(packet);
  if (!aim(ssrc, packet_index)) return Result::malformed;
  int length = static_cast<int>(size);
  srtp_err_status_t status = srtp_unprotect(session_, packet.data(), &length);
  if (is_replay(status)) {  // the caller keeps the window, not libsrtp
    drop(ssrc);
    if (!aim(ssrc, packet_index)) return Result::malformed;
    length = static_cast<int>(size);
    status = srtp_unprotect(session_, packet.data(), &length);
  }
  if (status == srtp_err_status_ok) {
    note(ssrc, packet_index);
    size = static_cast<std::size_t>(length);
  } else if (!streams_[ssrc].used) {
    drop(ssrc);  // forged packets leave nothing behind
  }
  return opened(status);
}

Result Session::protect_rtcp(std::span<std::uint8_t> packet, std::size_t& size) {
  const std::uint32_t ssrc = rtcp_ssrc(packet);
  if (!has(ssrc)) {
    if (streams_.size() >= kMaxRtcpSenders) return Result::key_exhausted;
    if (!add(ssrc, 0)) return Result::malformed;
  }
  int length = static_cast<int>(size);
  const srtp_err_status_t status = srtp_protect_rtcp(session_, packet.data(), &length);
  if (status == srtp_err_status_key_expired) return Result::key_exhausted;
  if (status != srtp_err_status_ok) return Result::malformed;
  size = static_cast<std::size_t>(length);
  return Result::ok;
}

Result Session::unprotect_rtcp(std::span<std::uint8_t> packet, std::size_t& size) {
  const std::uint32_t ssrc = rtcp_ssrc(packet);
  if (!has(ssrc)) {
    make_room();
    if (!add(ssrc, 0)) return Result::malformed;
  }
  int length = static_cast<int>(size);
  srtp_err_status_t status = srtp_unprotect_rtcp(session_, packet.data(), &length);
  if (is_replay(status)) {
    drop(ssrc);
    if (!add(ssrc, 0)) return Result::malformed;
    length = static_cast<int>(size);
    status = srtp_unprotect_rtcp(session_, packet.data(), &length);
  }
  if (status == srtp_err_status_ok) {
    streams_[ssrc].used = true;
    size = static_cast<std::size_t>(length);
  } else if (!streams_[ssrc].used) {
    drop(ssrc);
  }
  return opened(status);
}

}  // namespace penstock::srtp::libsrtp
