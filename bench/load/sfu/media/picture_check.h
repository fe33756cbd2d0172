#pragma once
// What a VP8 decoder would hold against a stream, packet by packet in order (RFC 7741 section 4.2).

#include <cstdint>

#include "bench/load/sfu/media/tally.h"

namespace penstock::load::media {

/// What is kept of a packet until its turn.
struct PicturePacket {
  std::uint32_t timestamp = 0;
  std::uint16_t picture_id = 0;
  std::uint8_t tl0picidx = 0;
  std::uint8_t temporal_layer = 0;
  std::uint8_t encoding = 0;
  bool start = false, key = false, marker = false;
};

/// One stream. Zero bytes are the initial state, in which a key frame is waited for.
class PictureCheck {
 public:
  /// The next packet in order.
  void take(const PicturePacket& packet, PictureTally& tally);
  /// Packets are missing before the next one: it takes a key frame to go on.
  void lose() { decodable_ = false; }
  bool decodable() const { return decodable_; }

 private:
  void begin_frame(const PicturePacket& packet, PictureTally& tally);

  PicturePacket last_{};
  bool decodable_ = false;
};

}  // namespace penstock::load::media
