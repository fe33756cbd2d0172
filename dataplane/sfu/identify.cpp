#include "dataplane/sfu/identify.h"

namespace penstock::sfu {
namespace {

StreamId by_rid(const Track& track, TrackSlot slot, std::string_view rid, bool retransmission) {
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    if (track.parameters.encodings[i].rid.view() == rid) return stream_id(slot, i, retransmission);
  }
  return kNoStream;
}

// Within a track: by RID; without one, the only encoding there is. A publisher that negotiated RIDs sends them until it
// has heard from us, so a packet without is one of an SSRC that we know already, or garbage.
StreamId within(const Track& track, TrackSlot slot, std::uint8_t payload_type, const rtp::Extensions& extensions) {
  const bool retransmission = payload_type == track.parameters.rtx_payload_type;
  if (!retransmission && payload_type != track.parameters.payload_type) return kNoStream;
  const std::string_view rid = retransmission ? extensions.repaired_rid : extensions.rid;
  if (!rid.empty()) return by_rid(track, slot, rid, retransmission);
  return track.parameters.encoding_count == 1 ? stream_id(slot, 0, retransmission) : kNoStream;
}

bool has_payload_type(const Track& track, std::uint8_t payload_type) {
  return payload_type == track.parameters.payload_type || payload_type == track.parameters.rtx_payload_type;
}

}  // namespace

StreamId identify(const Core& core, EndpointSlot slot, const rtp::Header& header, rtp::Bytes packet) {
  StreamId by_payload_type = kNoStream;
  unsigned candidates = 0;
  for (TrackSlot next = core.endpoints[slot].first_track; next != 0;) {
    const TrackSlot at = next - 1;
    const Track& track = core.tracks[at];
    next = track.next;
    // Ids may mean different things in different m-sections, hence the walk per track.
    const auto extensions =
        rtp::find_extensions(header.extension_profile, header.extension_of(packet), track.parameters.extensions);
    if (!extensions.mid.empty()) {
      if (extensions.mid == track.parameters.mid.view()) return within(track, at, header.payload_type, extensions);
      continue;
    }
    if (!has_payload_type(track, header.payload_type)) continue;
    ++candidates;
    by_payload_type = within(track, at, header.payload_type, extensions);
  }
  return candidates == 1 ? by_payload_type : kNoStream;
}

bool learn(Core& core, EndpointSlot slot, StreamId id, std::uint32_t ssrc) {
  if (core.stream_of.find(key_of(slot, ssrc)) != KeyTable::kNone) {
    core.stats.ssrc_collisions.add();
    return false;
  }
  forget_stream(core, slot, id);  // the sender went over to another SSRC (RFC 3550 section 8.2)
  if (!core.stream_of.set(key_of(slot, ssrc), id)) return false;
  core.streams[id] = Stream{.known = true, .ssrc = ssrc, .index = {}, .statistics = {}};
  core.stats.streams_learned.add();
  if (is_retransmission(id)) return true;
  const TrackSlot track = track_of(id);
  Encoding& encoding = core.tracks[track].encodings[encoding_of(id)];
  encoding.nacks.restart();
  encoding.clock = {};
  encoding.ring.clear();  // its numbers begin anew
  for (auto next = core.tracks[track].first_subscription; next != 0;
       next = core.subscriptions[next - 1].next_of_track) {
    core.subscriptions[next - 1].forwarder.restart(static_cast<std::uint8_t>(encoding_of(id)));
  }
  core.board.tracks[track].encodings[encoding_of(id)].ssrc.set(ssrc);
  core.board.dirty_tracks.mark(track);
  return true;
}

void forget_stream(Core& core, EndpointSlot slot, StreamId id) {
  Stream& stream = core.streams[id];
  if (!stream.known) return;
  core.stream_of.erase(key_of(slot, stream.ssrc));
  stream = {};
}

}  // namespace penstock::sfu
