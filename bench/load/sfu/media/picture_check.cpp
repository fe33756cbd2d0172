#include "bench/load/sfu/media/picture_check.h"

namespace penstock::load::media {

void PictureCheck::take(const PicturePacket& packet, PictureTally& tally) {
  const bool starts_over = !decodable_;
  if (starts_over && !(packet.start && packet.key)) {
    ++tally.undecodable;
    return;
  }
  decodable_ = true;
  if (packet.start) {
    if (!starts_over) begin_frame(packet, tally);
    ++tally.frames;
    if (packet.key) ++tally.key_frames;
  } else if (packet.picture_id != last_.picture_id || packet.timestamp != last_.timestamp || last_.marker) {
    ++tally.broken_frames;
  }
  last_ = packet;
}

void PictureCheck::begin_frame(const PicturePacket& packet, PictureTally& tally) {
  if (!last_.marker) ++tally.broken_frames;
  if (packet.picture_id != ((last_.picture_id + 1) & 0x7fff)) ++tally.picture_id_gaps;
  const bool base = packet.temporal_layer == 0;
  if (packet.tl0picidx != static_cast<std::uint8_t>(last_.tl0picidx + (base ? 1 : 0))) ++tally.tl0picidx_gaps;
  if (static_cast<std::int32_t>(packet.timestamp - last_.timestamp) <= 0) ++tally.timestamps_back;
  if (packet.encoding == last_.encoding) return;
  ++tally.switches;
  if (!packet.key) ++tally.bad_switches;
}

}  // namespace penstock::load::media
