#pragma once
// Feedback messages (RFC 4585, RFC 5104, draft-alvestrand-rmcat-remb-03), read. Every reader returns nothing for
// another type and for a packet too short to be what it says.

#include <cstdint>
#include <optional>

#include "dataplane/rtp/rtcp.h"
#include "dataplane/rtp/ssrc.h"
#include "dataplane/rtp/wrapping.h"

namespace penstock::rtp {

/// RFC 4585 section 6.2.1: the first lost packet, and a bit for each of the 16 behind it.
struct NackItem {
  SequenceNumber first;
  std::uint16_t following = 0;  ///< bit i: first + i + 1 is lost too

  static constexpr std::size_t kBytes = 4;
  static NackItem read(const std::uint8_t* at) { return {{load_be16(at)}, load_be16(at + 2)}; }

  /// Calls `lost(SequenceNumber)` for each, ascending.
  template <class F>
  void for_each(F&& lost) const {
    lost(first);
    for (unsigned i = 0; i < 16; ++i) {
      if ((following >> i & 1) != 0) lost(first + (i + 1));
    }
  }
};

struct Nack {
  Ssrc sender{};
  Ssrc media{};
  Records<NackItem> items;  ///< at least one; 17 packets each at most, repetitions are possible

  /// Calls `lost(SequenceNumber)` for every lost packet, in wire order.
  template <class F>
  void for_each(F&& lost) const {
    for (const NackItem item : items) item.for_each(lost);
  }
};
std::optional<Nack> nack(const RtcpPacket& packet);

/// RFC 4585 section 6.3.1.
struct PictureLoss {
  Ssrc sender{};
  Ssrc media{};
};
std::optional<PictureLoss> picture_loss(const RtcpPacket& packet);

/// RFC 5104 section 4.3.1.1: asks one source for a key frame; the same number again is a repetition of the same
/// request.
struct FullIntraItem {
  Ssrc media{};
  std::uint8_t number = 0;

  static constexpr std::size_t kBytes = 8;
  static FullIntraItem read(const std::uint8_t* at) { return {Ssrc{load_be32(at)}, at[4]}; }
  friend bool operator==(const FullIntraItem&, const FullIntraItem&) = default;
};

struct FullIntraRequest {
  Ssrc sender{};
  Records<FullIntraItem> items;  ///< at least one
};
std::optional<FullIntraRequest> full_intra_request(const RtcpPacket& packet);

/// draft-alvestrand-rmcat-remb-03 section 2.2: the receiver's estimate of what all `media` together may send.
struct MaximumBitrate {
  Ssrc sender{};
  std::uint64_t bitrate_bps = 0;  ///< saturates at 2^64 - 1
  Records<SsrcRecord> media;
};
std::optional<MaximumBitrate> maximum_bitrate(const RtcpPacket& packet);

}  // namespace penstock::rtp
