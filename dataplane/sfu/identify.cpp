#include "dataplane/sfu/identify.h"

#include <algorithm>
#include <utility>

#include "dataplane/sfu/speakers.h"
#include "dataplane/sfu/tables.h"

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

// A sender may go over to another SSRC (RFC 3550 section 8.2); it does not do so all the time.
constexpr std::uint64_t kLearnAgainNs = 500'000'000;

// Signaling said which SSRC it is, and it is not this one.
bool named_otherwise(const Core& core, StreamId id, std::uint32_t ssrc) {
  const EncodingParameters& named = core.tracks[track_of(id)].parameters.encodings[encoding_of(id)];
  const std::uint32_t name = is_retransmission(id) ? named.rtx_ssrc : named.ssrc;
  return name != 0 && name != ssrc;
}

void keep_index(Core& core, EndpointSlot slot, const Stream& stream) {
  PastStreams& past = core.past_streams[slot];
  const auto oldest = std::ranges::min_element(past, {}, &PastStream::last_ns);
  *oldest = {.ssrc = stream.ssrc, .last_ns = core.now_ns(), .index = stream.index};
}

srtp::ReceiveIndex take_index(Core& core, EndpointSlot slot, std::uint32_t ssrc) {
  for (PastStream& past : core.past_streams[slot]) {
    if (past.last_ns != 0 && past.ssrc == ssrc) return std::exchange(past, PastStream{}).index;
  }
  return {};
}

void begin_stream(Core& core, EndpointSlot slot, StreamId id, std::uint32_t ssrc) {
  forget_stream(core, slot, id);
  core.stream_of.set(key_of(slot, ssrc), id);  // there is room for every stream there is
  core.streams[id] = Stream{.known = true,
                            .ssrc = ssrc,
                            .learned_ns = core.now_ns(),
                            .index = take_index(core, slot, ssrc),
                            .statistics = {}};
  if (is_retransmission(id)) return;
  const TrackSlot track = track_of(id);
  Encoding& encoding = core.tracks[track].encodings[encoding_of(id)];
  encoding.nacks.restart();
  encoding.clock = {};
  encoding.ring.clear();  // its numbers begin anew
  restart_hearing(core, track);
  if (std::exchange(encoding.begun, true)) ++encoding.restarts;
  core.board.tracks[track].encodings[encoding_of(id)].ssrc.set(ssrc);
  core.board.dirty_tracks.mark(track);
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
  const Stream& stream = core.streams[id];
  const bool taken = core.stream_of.find(key_of(slot, ssrc)) != KeyTable::kNone;
  const bool hasty = stream.known && core.now_ns() - stream.learned_ns < kLearnAgainNs;
  if (taken || hasty || named_otherwise(core, id, ssrc)) {
    core.stats.ssrc_collisions.add();
    return false;
  }
  begin_stream(core, slot, id, ssrc);
  core.stats.streams_learned.add();
  return true;
}

void announce(Core& core, EndpointSlot slot, StreamId id, std::uint32_t ssrc) {
  const StreamId holder = core.stream_of.find(key_of(slot, ssrc));
  if (holder == id) return;
  if (holder != KeyTable::kNone) forget_stream(core, slot, holder);
  begin_stream(core, slot, id, ssrc);
}

void forget_stream(Core& core, EndpointSlot slot, StreamId id) {
  Stream& stream = core.streams[id];
  if (!stream.known) return;
  core.stream_of.erase(key_of(slot, stream.ssrc));
  if (!stream.index.window.empty()) keep_index(core, slot, stream);
  stream = {};
}

const srtp::ReceiveIndex* past_index(const Core& core, EndpointSlot slot, std::uint32_t ssrc) {
  const PastStreams& past = core.past_streams[slot];
  const auto at = std::ranges::find_if(past, [&](const PastStream& p) { return p.last_ns != 0 && p.ssrc == ssrc; });
  return at == past.end() ? nullptr : &at->index;
}

}  // namespace penstock::sfu
