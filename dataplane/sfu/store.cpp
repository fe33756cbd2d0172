#include "dataplane/sfu/store.h"

#include "dataplane/rtp/vp8.h"

namespace penstock::sfu {
namespace {

void show_frame_size(Core& core, StreamId id, rtp::FrameSize size) {
  EncodingStatus& status = core.board.tracks[track_of(id)].encodings[encoding_of(id)];
  if (status.width.get() == size.width && status.height.get() == size.height) return;
  status.width.set(size.width);
  status.height.set(size.height);
  core.board.dirty_tracks.mark(track_of(id));
}

void take_key_frame(Core& core, StreamId id, const rtp::Vp8Descriptor& descriptor, rtp::Bytes payload,
                    rtp::SequenceNumber sequence) {
  Track& track = core.tracks[track_of(id)];
  track.key_frames.on_key_frame(static_cast<std::uint8_t>(encoding_of(id)), core.now_ns());
  track.encodings[encoding_of(id)].nacks.on_key_frame(sequence);
  core.stats.key_frames_received.add();
  core.board.tracks[track_of(id)].encodings[encoding_of(id)].key_frames.add();
  if (const auto size = rtp::key_frame_size(descriptor, payload)) show_frame_size(core, id, *size);
}

// False when the payload is no VP8.
bool normalise_vp8(Core& core, const Arrived& arrived, StoredPacket& stored) {
  const rtp::Bytes payload = net::payload(const_cast<const net::Packet*>(arrived.payload));
  const auto descriptor = rtp::parse_vp8(payload);
  if (!descriptor) return false;
  const rtp::Vp8Prefix prefix = rtp::normalise(*descriptor, payload);
  stored.prefix = prefix.bytes;
  stored.prefix_size = prefix.size;
  stored.frame_start = descriptor->frame_start();
  stored.key_frame = rtp::starts_key_frame(*descriptor, payload);
  stored.layer = {.has_picture_id = descriptor->has_picture_id,
                  .has_tl0_index = descriptor->has_tl0picidx,
                  .has_temporal_id = descriptor->has_temporal_layer,
                  .layer_sync = descriptor->layer_sync,
                  .temporal_id = descriptor->temporal_layer,
                  .tl0_index = descriptor->tl0picidx,
                  .picture_id = descriptor->picture_id,
                  .short_picture_id = descriptor->has_picture_id && !descriptor->long_picture_id};
  if (stored.frame_start)
    core.board.tracks[track_of(arrived.stream)].encodings[encoding_of(arrived.stream)].frames.add();
  if (stored.key_frame) take_key_frame(core, arrived.stream, *descriptor, payload, arrived.header.sequence);
  net::strip(arrived.payload, prefix.rest_offset);
  return true;
}

}  // namespace

const StoredPacket* store(Core& core, const Arrived& arrived) {
  Track& track = core.tracks[track_of(arrived.stream)];
  Encoding& encoding = track.encodings[encoding_of(arrived.stream)];
  StoredPacket stored;
  stored.packet = arrived.payload;
  stored.sequence = arrived.sequence;
  stored.arrival_ns = arrived.arrival_ns;
  stored.timestamp = arrived.header.timestamp.value;
  stored.marker = arrived.header.marker;
  if (arrived.extensions.has(rtp::Extension::audio_level)) stored.audio_level = arrived.extensions.audio_level;
  if (arrived.extensions.has(rtp::Extension::video_orientation)) {
    stored.orientation = arrived.extensions.video_orientation;
  }
  const bool empty = arrived.payload->data_len == 0;  // padding alone: keeps its place in the sequence
  const bool good = empty || track.parameters.codec != Codec::vp8 || normalise_vp8(core, arrived, stored);
  if (!good || !encoding.ring.put(stored)) {
    net::free(arrived.payload);
    return nullptr;
  }
  return encoding.ring.find(stored.sequence);
}

}  // namespace penstock::sfu
