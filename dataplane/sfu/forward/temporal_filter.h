#pragma once
// Which temporal layers are forwarded. Down at the next frame; up only where the stream allows it: at a layer sync
// frame of the next layer (the Y bit, RFC 7741 section 4.2) or a key frame.

#include <array>
#include <cstdint>

#include "dataplane/sfu/stored_packet.h"

namespace penstock::sfu {

/// Zero bytes: base layer only.
class TemporalFilter {
 public:
  static constexpr std::uint8_t kHighest = 3;  ///< TID has two bits

  void set_limit(std::uint8_t max_temporal_layer) {
    target_ = max_temporal_layer < kHighest ? max_temporal_layer : kHighest;
  }
  /// The stream is entered, or entered anew, at the key frame that begins with `sequence`.
  void enter(std::uint64_t sequence);
  /// The first packet to come of a frame, newest in sequence. Whether the frame is forwarded.
  bool admit(const StoredPacket& packet);
  /// A packet of a frame nothing of which came before, though later ones did.
  bool admit_late(const StoredPacket& packet) const;

  std::uint8_t layers() const { return layers_; }  ///< the highest that is forwarded if there is one

 private:
  std::uint8_t target_ = 0;
  std::uint8_t layers_ = 0;
  std::array<std::uint64_t, kHighest>
      since_{};  ///< by layer - 1: sequence number from which it is forwarded without a break
};

}  // namespace penstock::sfu
