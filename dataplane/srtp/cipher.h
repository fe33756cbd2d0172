#pragma once
// SRTP and SRTCP for one worker: contexts by number, packets in batches. Two implementations behind one interface,
// equal byte for byte: the batch cipher on ipsec-mb, and libsrtp, which is portable and slow.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "dataplane/srtp/master_key.h"
#include "dataplane/srtp/profile.h"

namespace penstock::srtp {

/// Number of a context, chosen by the caller: 0 ... Cipher::contexts() - 1. A context is one direction of one DTLS-SRTP
/// association, all SSRCs under it included: their session keys are the same (RFC 3711 section 3.2.3; only the packet
/// index is per SSRC, and that is the caller's).
using ContextId = std::uint32_t;

/// The most jobs of one call.
inline constexpr std::size_t kMaxBatch = 256;
/// Of a packet, protected. RTP over UDP stays far below; what is longer is malformed.
inline constexpr std::size_t kMaxPacketBytes = 16'384;
inline constexpr std::size_t kMaxPrefixBytes = 16;
/// The last packet index of a master key: it has to be replaced before (RFC 3711 section 9.2).
inline constexpr std::uint64_t kMaxPacketIndex = (std::uint64_t{1} << 48) - 1;
inline constexpr std::uint32_t kMaxRtcpIndex = (std::uint32_t{1} << 31) - 1;

enum class Result : std::uint8_t {
  ok,
  authentication_failed,  ///< forged, damaged, or another roll-over counter than the sender's
  malformed,              ///< sizes that do not fit: too short, too long, no room in `out`; SRTCP without the E flag
  no_context,             ///< nothing installed under that number
  key_exhausted,          ///< no index is left under this key (RFC 3711 section 9.2)
};

/// One RTP packet to send, encrypted out of place: the payload is shared with other receivers and never written.
///   out: [header, already there][prefix, then payload: encrypted][tag]
struct ProtectJob {
  ContextId context = 0;
  std::uint16_t header_size = 0;         ///< fixed header, CSRCs and extensions: 12 or more, as the header itself says
  std::uint64_t packet_index = 0;        ///< roll-over counter << 16 | sequence number; the latter as in the header
  std::span<std::uint8_t> out;           ///< starts at the RTP header; room for everything, tag_bytes(profile) included
  std::span<const std::uint8_t> prefix;  ///< at most kMaxPrefixBytes: what was patched (a VP8 descriptor); may be empty
  std::span<const std::uint8_t> payload;  ///< the rest of the plaintext; may be empty; must not overlap `out`

  // The answer:
  Result result = Result::no_context;
  std::uint32_t size = 0;  ///< of the packet in `out`; 0 unless result is ok
};

/// One received SRTP packet, decrypted out of place.
struct UnprotectJob {
  ContextId context = 0;
  std::uint16_t header_size = 0;   ///< fixed header, CSRCs and extensions, as the caller parsed them
  std::uint64_t packet_index = 0;  ///< ReceiveIndex::estimate()
  std::span<std::uint8_t> packet;  ///< the whole packet; written to meanwhile, unchanged when the call returns
  std::span<std::uint8_t> out;     ///< for the plaintext payload: packet.size() - header_size - tag; must not overlap

  // The answer:
  Result result = Result::no_context;
  std::uint32_t size = 0;  ///< of the plaintext in `out`, which may be 0; 0 unless result is ok. Whatever was decrypted
                           ///< of a packet that is not authentic is zeros again
};

struct ProtectedRtcp {
  Result result = Result::no_context;
  std::size_t size = 0;  ///< with index word and tag; 0 unless ok
};

struct UnprotectedRtcp {
  Result result = Result::no_context;
  std::size_t size = 0;     ///< of the plain compound packet, at the buffer's start; 0 unless ok
  std::uint32_t index = 0;  ///< 31 bits, for the ReplayWindow of the packet's first SSRC; authentic only when ok
};

/// Of a context besides its master key: how far it has come.
struct ContextState {
  /// What an implementation cannot make again.
  struct Kept {
    virtual ~Kept() = default;
  };
  std::uint32_t rtcp_index = 0;  ///< of the last SRTCP packet that was protected
  std::unique_ptr<Kept> kept;    ///< libsrtp's sessions
};

/// One per worker, used by that thread alone. Keys live in memory mapped at start. On the batch cipher no function but
/// the destructor allocates, frees, locks or makes a system call; what libsrtp does is said at make_cipher().
class Cipher {
 public:
  virtual ~Cipher() = default;
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  virtual std::string_view implementation() const = 0;  ///< "ipsec-mb AVX512" or "libsrtp", for logs and metrics
  std::size_t contexts() const { return contexts_; }

  /// Derives the session keys and holds them under `id`, in place of what was there; the SRTCP index to send starts
  /// anew. About a microsecond on the batch cipher. Numbers out of range are ignored.
  virtual void install(ContextId id, const MasterKey& key) = 0;
  /// Wipes the keys. Nothing happens when there are none.
  virtual void remove(ContextId id) = 0;
  virtual bool installed(ContextId id) const = 0;

  /// Each job gets its own result; contexts and profiles may be mixed. At most kMaxBatch jobs: those behind are refused
  /// as malformed. Keys of later jobs are fetched into the cache while earlier ones run. Write all headers of a batch
  /// before this call: one that is written in small pieces just before it is read costs 20 ns of waiting.
  virtual void protect(std::span<ProtectJob> jobs) = 0;
  virtual void unprotect(std::span<UnprotectJob> jobs) = 0;

  /// A compound RTCP packet in place: `buffer` holds it in its first `size` bytes and has room for rtcp_trailer_bytes()
  /// more. The context counts the index, from 1.
  virtual ProtectedRtcp protect_rtcp(ContextId id, std::span<std::uint8_t> buffer, std::size_t size) = 0;
  /// A received SRTCP packet in place. Failed: what was decrypted of it is zeros. Whether it is a replay is for the
  /// caller to ask with `index`, after this. Packets without the E flag are refused: our profiles encrypt.
  virtual UnprotectedRtcp unprotect_rtcp(ContextId id, std::span<std::uint8_t> packet) = 0;

  /// Ends the context here; its key goes on in another cipher of this implementation, on any thread.
  virtual ContextState take(ContextId id) = 0;
  /// install(), where the context was: what is protected has later SRTCP indices than what was protected before. No
  /// context comes of the state of another implementation.
  virtual void resume(ContextId id, const MasterKey& key, ContextState state) = 0;

  /// Begins to fetch a context's keys into the cache: for the first jobs of a batch, while it is gathered.
  virtual void prefetch(ContextId id) const = 0;

 protected:
  explicit Cipher(std::size_t contexts) : contexts_(contexts) {}

 private:
  std::size_t contexts_;
};

enum class Kind : std::uint8_t {
  automatic,  ///< ipsec_mb where it was built in and the CPU has AES-NI, otherwise libsrtp
  ipsec_mb,   ///< x86-64 only
  libsrtp,    ///< anywhere. Keeps streams by SSRC: it allocates on install(), and when it meets an SSRC or a jump in
              ///< the packet index for the first time, and takes the lock of Debian's NSS: 10 to 50 times slower
};

/// At start. The error is a sentence: what is missing and what to do.
tl::expected<std::unique_ptr<Cipher>, std::string> make_cipher(Kind kind, std::size_t contexts);

}  // namespace penstock::srtp
