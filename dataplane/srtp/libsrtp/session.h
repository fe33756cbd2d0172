#pragma once
// One libsrtp session, made to take packet indices from its caller. libsrtp keeps a roll-over counter and a replay
// window per SSRC of its own: where they would disagree with the caller's index, the SSRC's stream is made anew.

#include <srtp2/srtp.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>

#include "dataplane/srtp/cipher.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::srtp::libsrtp {

/// Used in one direction, for RTP or for RTCP. Allocates when it meets an SSRC and when it makes a stream anew.
class Session {
 public:
  Session() = default;
  ~Session() { close(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// False when libsrtp refused (no memory).
  bool open(const MasterKey& key);
  /// Frees the streams and wipes the key.
  void close();
  const MasterKey& key() const { return key_; }

  // In place. `size` is the packet's, before and after; `packet` has room for a trailer when protecting.

  Result protect(std::span<std::uint8_t> packet, std::uint64_t packet_index, std::size_t& size);
  Result unprotect(std::span<std::uint8_t> packet, std::uint64_t packet_index, std::size_t& size);
  /// key_exhausted, too, when more SSRCs have sent than libsrtp is to remember: the index of one that was forgotten
  /// would begin anew under the same key, and AES-GCM does not survive that.
  Result protect_rtcp(std::span<std::uint8_t> packet, std::size_t& size);
  Result unprotect_rtcp(std::span<std::uint8_t> packet, std::size_t& size);

 private:
  struct Stream {
    std::uint64_t highest = 0;  ///< index libsrtp has accepted; RTP only
    bool used = false;          ///< it has accepted one
  };

  /// A stream that will take the next packet for `packet_index`; false when libsrtp refused.
  bool aim(std::uint32_t ssrc, std::uint64_t packet_index);
  bool has(std::uint32_t ssrc) const { return streams_.contains(ssrc); }
  bool add(std::uint32_t ssrc, std::uint32_t roll_over_counter);
  void drop(std::uint32_t ssrc);
  void make_room();
  void note(std::uint32_t ssrc, std::uint64_t packet_index);

  srtp_t session_ = nullptr;
  MasterKey key_;
  std::unordered_map<std::uint32_t, Stream> streams_;  // by SSRC
};

}  // namespace penstock::srtp::libsrtp
