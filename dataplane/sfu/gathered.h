#pragma once
// The packets of a burst by track, in the order in which they came: what is then offered to a subscription in a row.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/net/burst.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/sfu/parameters.h"
#include "dataplane/sfu/stored_packet.h"

namespace penstock::sfu {

/// One packet, by value: a later one of the same burst may take its place in the ring. Holds a reference to the payload
/// for the same reason.
struct GatheredPacket {
  StoredPacket stored;
  std::uint8_t encoding;
  std::uint16_t next;  ///< of the same track, plus one; 0: the last
};

struct GatheredTrack {
  TrackSlot track;
  std::uint16_t first, last;  ///< plus one
  std::uint16_t count;
};

/// Empty between bursts.
class Gathered {
 public:
  static constexpr std::size_t kCapacity = net::kBurstCapacity;

  Gathered() = default;
  Gathered(const Gathered&) = delete;
  Gathered& operator=(const Gathered&) = delete;
  ~Gathered() { clear(); }

  bool full() const { return size_ == kCapacity; }
  bool empty() const { return size_ == 0; }
  std::span<const GatheredTrack> tracks() const { return {tracks_.data(), track_count_}; }
  /// By a number of GatheredTrack or GatheredPacket, less one.
  const GatheredPacket& operator[](std::size_t i) const { return packets_[i]; }

  /// Not when it is full.
  void add(TrackSlot track, std::uint32_t encoding, const StoredPacket& packet) {
    rte_mbuf_refcnt_update(packet.packet, 1);
    packets_[size_++] = {packet, static_cast<std::uint8_t>(encoding), 0};
    const auto at = static_cast<std::uint16_t>(size_);
    GatheredTrack& group = group_of(track);
    if (group.count++ == 0) {
      group.first = at;
    } else {
      packets_[group.last - 1U].next = at;
    }
    group.last = at;
  }
  void clear() {
    for (std::size_t i = 0; i < size_; ++i) net::free(packets_[i].stored.packet);
    for (std::size_t i = 0; i < track_count_; ++i) table_[slot_of(tracks_[i].track)] = 0;
    size_ = track_count_ = 0;
  }

 private:
  static constexpr std::size_t kSlots = 256;
  static std::size_t slot_of(TrackSlot track) { return track % kSlots; }

  // Packets of one track mostly stand together. Where tracks share a slot, its last user wins: then a track may have
  // two groups in a burst, which are still forwarded one after the other.
  GatheredTrack& group_of(TrackSlot track) {
    std::uint16_t& known = table_[slot_of(track)];
    if (known != 0 && tracks_[known - 1U].track == track) return tracks_[known - 1U];
    tracks_[track_count_++] = {track, 0, 0, 0};
    known = static_cast<std::uint16_t>(track_count_);
    return tracks_[track_count_ - 1];
  }

  std::size_t size_ = 0;
  std::size_t track_count_ = 0;
  std::array<GatheredPacket, kCapacity> packets_;
  std::array<GatheredTrack, kCapacity> tracks_;
  std::array<std::uint16_t, kSlots> table_{};  ///< by track: its group, plus one
};

}  // namespace penstock::sfu
