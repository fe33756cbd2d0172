#pragma once
// VP8 picture ids and TL0PICIDX of the source to the receiver's (RFC 7741 section 4.2).
//
// A frame that is dropped on purpose leaves no gap in picture ids, a frame that was lost does: libwebrtc holds back a
// frame of a higher temporal layer, unless it is a layer sync, while a picture id is missing between it and what it
// refers to, and without TL0PICIDX takes every frame to refer to the id before its own.

#include <cstdint>

#include "dataplane/sfu/stored_packet.h"

namespace penstock::sfu {

/// Zero bytes are no state: call start(). Sources without picture ids or TL0PICIDX are mapped to nothing; the fields
/// that they lack are not written.
class PictureMap {
 public:
  static constexpr std::uint32_t kFrames = 64;  ///< frames behind the newest that late packets can belong to

  enum class Frame : std::uint8_t { unknown, sent, dropped, too_old };

  void start(std::uint16_t first_picture_id);
  /// The stream is entered with the frame of this packet.
  void enter(const LayerInfo& layer);

  /// Steps from the frame of the newest packet before to that of this, newer one. 0: the same.
  std::uint32_t ahead(const LayerInfo& layer) const {
    return layer.has_picture_id ? (layer.picture_id - newest_) & mask(layer) : 0;
  }
  /// A frame ahead of all: it is forwarded, or dropped. `missing`: packets between it and the last one that have not
  /// come. No more frames than that can be lost; where more are missing the sender counts anew.
  void advance(const LayerInfo& layer, bool key_frame, bool forwarded, std::uint64_t missing);

  /// The frame of a packet that is not newest. `unknown` where there are no picture ids.
  Frame find(const LayerInfo& layer) const;
  /// An unknown frame is forwarded after all.
  void fill(const LayerInfo& layer);

  /// Of a frame that is forwarded.
  std::uint16_t picture_id(const LayerInfo& layer) const {
    if (!layer.has_picture_id) return 0;
    return layer.picture_id == newest_ ? static_cast<std::uint16_t>(newest_sent_ & 0x7fff) : earlier_picture_id(layer);
  }
  std::uint8_t tl0_index(const LayerInfo& layer) const {
    return static_cast<std::uint8_t>(layer.tl0_index + tl0_shift_);
  }

 private:
  static std::uint32_t mask(const LayerInfo& layer) { return layer.short_picture_id ? 0x7f : 0x7fff; }
  void advance_picture_id(const LayerInfo& layer, bool forwarded, std::uint64_t missing);
  void advance_tl0(const LayerInfo& layer, bool key_frame, std::uint64_t missing);
  void sent_tl0(const LayerInfo& layer);
  std::uint16_t earlier_picture_id(const LayerInfo& layer) const;
  std::uint32_t behind(const LayerInfo& layer) const { return (newest_ - layer.picture_id) & mask(layer); }

  std::uint64_t sent_ = 0;         ///< bit i: the frame i before the newest
  std::uint64_t dropped_ = 0;      ///< likewise
  std::uint32_t newest_ = 0;       ///< picture id as in the source
  std::uint32_t newest_sent_ = 0;  ///< outgoing, of the newest frame, or of the last one before it that was not dropped
  std::uint8_t tl0_shift_ = 0;     ///< outgoing - source; wraps
  std::uint8_t newest_tl0_ = 0;    ///< outgoing, of what was sent
  std::uint8_t last_tl0_ = 0;      ///< the source's, of the newest frame, sent or not
};

}  // namespace penstock::sfu
