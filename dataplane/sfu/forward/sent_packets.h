#pragma once
// What was sent under which number, so that it can be built again from the encoding's ring when the receiver asks for
// it (DESIGN.md, decision 6).

#include <cstdint>
#include <span>

#include "dataplane/rtp/wrapping.h"
#include "dataplane/sfu/forward/forwarder.h"
#include "dataplane/sfu/forward/outgoing.h"
#include "dataplane/sfu/forward/source.h"

namespace penstock::sfu {

/// Entries per subscription: nothing older is in a ring.
inline constexpr std::uint32_t kSentRecords = 512;

/// Zero bytes: free.
struct SentRecord {
  std::uint32_t source_sequence = 0;  ///< low bits
  std::uint32_t timestamp = 0;        ///< outgoing, like the next two
  std::uint16_t sequence = 0;
  std::uint16_t picture_id = 0;
  std::uint16_t sent_ms = 0;  ///< last time; wraps
  std::uint8_t tl0_index = 0;
  std::uint8_t encoding : 2 = 0;
  std::uint8_t used : 1 = 0;
  std::uint8_t repeated : 1 = 0;  ///< sent_ms says when it was sent again, or that it was sent late
  std::uint8_t tries : 4 = 0;     ///< times sent again
};
static_assert(sizeof(SentRecord) == 16);

/// What is to be done about one lost packet.
struct Resend {
  enum class Verdict : std::uint8_t {
    resend,
    not_sent,   ///< nothing was sent under this number yet, or too long ago
    too_soon,   ///< sent again within the last RTT: it is on its way
    too_often,  ///< was sent again kMostTries times
    gone,       ///< no longer in its ring
    count_
  };
  Verdict verdict = Verdict::not_sent;
  std::uint8_t encoding = 0;
  const StoredPacket* packet = nullptr;  ///< of `resend`; in the ring
  Outgoing outgoing;                     ///< of `resend`: the same as when it was first sent
};

/// A view of one subscription's records. Does not own them.
class SentPackets {
 public:
  static constexpr std::uint8_t kMostTries = 8;

  /// `records`: a power of two of them, zero bytes when the subscription starts.
  explicit SentPackets(std::span<SentRecord> records)
      : records_(records.data()), mask_(static_cast<std::uint32_t>(records.size() - 1)) {}

  /// `outgoing` is what came of `packet`. `late`: it did not advance the stream.
  void add(const Outgoing& outgoing, std::uint8_t encoding, const StoredPacket& packet, bool late,
           std::uint64_t now_ns);

  /// Begins to fetch the place of the packet that goes out under that number.
  void prefetch(std::uint64_t sequence) const { __builtin_prefetch(&records_[sequence & mask_], 1); }

  /// The receiver reports `lost` (RFC 4585 section 6.2.1). A `resend` counts as done.
  ///
  /// Over RTX (RFC 4588) it is a new packet of another stream. Without RTX it must go out byte for byte as it first
  /// did, header extensions included: the SRTP index is the same, and AES-GCM does not survive two messages under one
  /// index.
  Resend find(const Forwarder& forwarder, const Source& source, rtp::SequenceNumber lost, std::uint64_t now_ns,
              std::uint64_t rtt_ns);

  /// All entries are free again: another subscription uses them.
  void clear();

 private:
  SentRecord* records_;
  std::uint32_t mask_;
};

}  // namespace penstock::sfu
