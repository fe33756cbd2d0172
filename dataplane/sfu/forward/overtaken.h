#pragma once
// When a stream is entered, packets behind the first one of the key frame may have come before it and been refused
// then; the ring has them.

#include <cstdint>

#include "dataplane/sfu/stored_packet.h"

namespace penstock::sfu {

inline constexpr std::uint32_t kMostOvertaken = 128;          ///< numbers to look through
inline constexpr std::uint32_t kMostMissing = 32;             ///< in a row: nothing more is expected behind them
inline constexpr std::uint64_t kReordering_ns = 100'000'000;  ///< nobody is overtaken by more than that

/// After a decision with `switched`: calls offer(const StoredPacket&) for what the ring has behind `sequence`,
/// ascending, as far as it came from `since_ns` on. Offer them to the same forwarder; what went already is refused as a
/// duplicate. Give at least the time of the entry before this one, so that no publisher can have a packet sent again
/// and again by entering its stream anew.
template <class Offer>
void offer_overtaken(const EncodingRing& ring, std::uint64_t sequence, Offer&& offer, std::uint64_t since_ns = 0) {
  std::uint32_t missing = 0;
  for (std::uint32_t i = 1; i <= kMostOvertaken && missing < kMostMissing; ++i) {
    const StoredPacket* packet = ring.find(sequence + i);
    missing = packet == nullptr ? missing + 1 : 0;
    if (packet != nullptr && packet->arrival_ns >= since_ns) offer(*packet);
  }
}

}  // namespace penstock::sfu
