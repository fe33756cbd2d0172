#pragma once
// A published packet as it is kept for forwarding: decrypted, and normalised once, so that each subscription only
// patches fixed places (DESIGN.md, decision 5).

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "dataplane/net/packet.h"

namespace penstock::sfu {

/// What of a codec's payload descriptor a subscription rewrites; for VP8 (RFC 7741 section 4.2).
struct LayerInfo {
  bool has_picture_id = false, has_tl0_index = false, has_temporal_id = false;
  bool layer_sync = false;  ///< Y: may be decoded without the higher temporal layers before it
  std::uint8_t temporal_id = 0;
  std::uint8_t tl0_index = 0;
  std::uint16_t picture_id = 0;  ///< as sent, 7 or 15 bits; the prefix always has 15
  bool short_picture_id = false;
};

/// One entry of an encoding's ring.
struct StoredPacket {
  static constexpr std::uint8_t kNoOrientation = 0xff;
  static constexpr std::uint8_t kNoAudioLevel = 0xff;  ///< as a byte of RFC 6464 it would be silence with voice

  net::Packet* packet = nullptr;  ///< its payload: what follows the prefix, in the clear; owned by the ring
  std::uint64_t sequence = 0;     ///< unwrapped from the source's 16 bits
  std::uint64_t arrival_ns = 0;   ///< monotonic
  std::uint32_t timestamp = 0;    ///< the source's
  bool marker = false;
  bool frame_start = false;  ///< first packet of a frame
  bool key_frame = false;    ///< frame_start of a frame that needs no other
  std::uint8_t audio_level = kNoAudioLevel;
  std::uint8_t orientation = kNoOrientation;
  std::uint8_t prefix_size = 0;
  std::array<std::uint8_t, 6> prefix{};  ///< descriptor with room for 15 bits of picture id; not part of `packet`
  LayerInfo layer;

  std::size_t payload_size() const { return prefix_size + std::size_t{packet->data_len}; }
};

/// The last packets of one encoding by sequence number, for a while. Owns the packets; does not own the entries'
/// memory.
class EncodingRing {
 public:
  EncodingRing() = default;
  /// `entries`: a power of two of them, all zero bytes.
  explicit EncodingRing(std::span<StoredPacket> entries)
      : entries_(entries.data()), mask_(static_cast<std::uint32_t>(entries.size() - 1)) {}

  /// Keeps it in the place of the packet one ring's length ago, which is freed. False when a packet of that number, or
  /// a later one in its place, is there already: the caller keeps the packet.
  bool put(const StoredPacket& packet) {
    StoredPacket& entry = entries_[packet.sequence & mask_];
    if (entry.packet != nullptr) {
      if (entry.sequence >= packet.sequence) return false;
      drop(entry);
    }
    entry = packet;
    ++count_;
    if (packet.sequence > newest_) newest_ = packet.sequence;
    return true;
  }
  /// nullptr when it never came, or was kept too long ago.
  const StoredPacket* find(std::uint64_t sequence) const {
    const StoredPacket& entry = entries_[sequence & mask_];
    return entry.packet != nullptr && entry.sequence == sequence ? &entry : nullptr;
  }
  void clear() {
    for (std::uint32_t i = 0; count_ > 0 && i <= mask_; ++i) {
      if (entries_[i].packet != nullptr) drop(entries_[i]);
    }
    newest_ = 0;
  }
  /// Frees packets that came before `arrival_ns`, looking at a part of the ring: all of it in kParts calls.
  void expire(std::uint64_t arrival_ns) {
    for (std::uint32_t i = 0; count_ > 0 && i <= mask_ / kParts; ++i) {
      StoredPacket& entry = entries_[cursor_++ & mask_];
      if (entry.packet != nullptr && entry.arrival_ns < arrival_ns) drop(entry);
    }
  }
  static constexpr std::uint32_t kParts = 8;

  std::uint32_t size() const { return count_; }
  std::uint32_t capacity() const { return mask_ + 1; }
  /// The highest number that came.
  std::uint64_t newest() const { return newest_; }

 private:
  void drop(StoredPacket& entry) {
    rte_pktmbuf_free(entry.packet);
    entry.packet = nullptr;
    --count_;
  }

  StoredPacket* entries_ = nullptr;
  std::uint32_t mask_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t cursor_ = 0;
  std::uint64_t newest_ = 0;
};

}  // namespace penstock::sfu
