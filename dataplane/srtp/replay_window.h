#pragma once
// Which packets of a stream were seen already (RFC 3711 sections 3.3.1 and 3.3.2). Check before decryption, accept
// after authentication: a forged packet moves nothing.

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace penstock::srtp {

enum class Replay : std::uint8_t {
  fresh,      ///< not seen: authenticate it, then accept it
  duplicate,  ///< its index was accepted before
  too_old,    ///< behind the window, so nobody knows
};

/// The window over the indices of one SSRC: 48 bits for SRTP, 31 for SRTCP. Plain data; all zeros is an empty window.
struct ReplayWindow {
  /// RFC 3711 section 3.3.2 asks for 64 at least; a video frame's retransmissions may be hundreds of packets late.
  static constexpr std::uint64_t kBits = 1024;

  Replay check(std::uint64_t index) const;
  /// Marks an authenticated packet's index as seen; it may be `fresh` only. Moves the window when it is the highest.
  void accept(std::uint64_t index);

  bool empty() const { return next == 0; }
  /// The highest index accepted; the window must not be empty.
  std::uint64_t highest() const { return next - 1; }

  static constexpr std::uint64_t kWordBits = 64;
  std::uint64_t next;                     ///< highest index accepted, plus one; 0: nothing accepted
  std::uint64_t seen[kBits / kWordBits];  ///< a ring of bits: index i is bit i mod kBits
};
static_assert(std::is_trivially_copyable_v<ReplayWindow> && sizeof(ReplayWindow) == 136);

/// The receiver's state of one RTP SSRC: roll-over counter, highest sequence number and window, as one 48-bit index
/// (roll-over counter << 16 | sequence number). All zeros: nothing received. Usage per packet:
///   index = stream.estimate(seq); if (stream.check(index) != fresh) drop; unprotect(index); if (ok)
///   stream.accept(index)
/// Packets of one batch may be estimated and checked before any of them is accepted; check again before accepting, for
/// the same packet may be twice in a batch.
struct ReceiveIndex {
  ReplayWindow window;

  /// The index that is nearest to the highest one accepted (RFC 3711 section 3.3.1 and appendix A). A stream begins
  /// with roll-over counter 0.
  std::uint64_t estimate(std::uint16_t sequence_number) const;
  Replay check(std::uint64_t index) const { return window.check(index); }
  void accept(std::uint64_t index) { window.accept(index); }
  /// Of the highest index accepted; 0 before the first.
  std::uint32_t roll_over_counter() const {
    return window.empty() ? 0 : static_cast<std::uint32_t>(window.highest() >> 16);
  }
};

}  // namespace penstock::srtp
