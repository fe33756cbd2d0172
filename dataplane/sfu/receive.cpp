#include "dataplane/sfu/receive.h"

#include <array>

#include "dataplane/sfu/connectivity.h"
#include "dataplane/sfu/fan_out.h"
#include "dataplane/sfu/identify.h"
#include "dataplane/sfu/key_frames.h"
#include "dataplane/sfu/mirror.h"
#include "dataplane/sfu/speakers.h"
#include "dataplane/sfu/store.h"

namespace penstock::sfu {
namespace {

// A retransmission may overtake media that is on its way, by no more than this many packets.
constexpr std::uint64_t kMostAhead = 64;

using Pending = PendingMedia;
using Batch = MediaBatch;

bool carries(const Track& track, StreamId id, std::uint8_t payload_type) {
  return payload_type == (is_retransmission(id) ? track.parameters.rtx_payload_type : track.parameters.payload_type);
}

// Appends the packet's job, or drops it.
void prepare(Core& core, net::Packet* p, Batch& batch) {
  if (current_flow(core, p) == net::kNoFlow) return core.shard.drop(p, net::Drop::unchecked_pair);
  const EndpointSlot slot = core.shard.flows()[net::info(p).flow].index;
  if (!core.endpoints[slot].secured) return core.shard.drop(p, net::Drop::media_without_keys);
  if (core.endpoints[slot].media_share_used) return core.shard.drop(p, net::Drop::media_store_full);
  const auto bytes = net::payload(p);
  const auto header = rtp::parse_header(bytes);
  if (!header) return core.shard.drop(p, net::Drop::malformed_rtp);
  StreamId id = core.stream_of.find(key_of(slot, rtp::to_wire(header->ssrc)));
  // Of an SSRC that is not in use: where it left off, or the roll-over counter that every stream begins with, 0.
  const srtp::ReceiveIndex* known = past_index(core, slot, rtp::to_wire(header->ssrc));
  if (id == KeyTable::kNone) {
    id = identify(core, slot, *header, bytes);
    if (id == kNoStream) {
      core.stats.streams_unknown.add();
      core.board.endpoints[slot].unknown_streams.add();
      return core.shard.drop(p, net::Drop::unknown_stream);
    }
  } else {
    if (!carries(core.tracks[track_of(id)], id, header->payload_type)) {
      return core.shard.drop(p, net::Drop::foreign_payload_type);
    }
    known = &core.streams[id].index;
  }
  const std::uint64_t index = known == nullptr ? header->sequence.value : known->estimate(header->sequence.value);
  if (known != nullptr && known->check(index) != srtp::Replay::fresh) {
    core.stats.srtp_replayed.add();
    core.board.endpoints[slot].replays.add();
    return core.shard.drop(p, net::Drop::srtp_replayed);
  }
  net::Packet* payload = core.media.allocate();
  if (payload == nullptr) return core.shard.drop(p, net::Drop::media_store_full);
  const std::size_t room = payload->buf_len - payload->data_off;
  batch.jobs[batch.size] = {.context = receive_context(slot),
                            .header_size = header->header_bytes,
                            .packet_index = index,
                            .packet = bytes,
                            .out = {rte_pktmbuf_mtod(payload, std::uint8_t*), room}};
  batch.pending[batch.size++] = {p, payload, slot, id, *header};
}

void refuse(Core& core, const Pending& pending, net::Drop reason) {
  net::free(pending.payload);
  core.shard.drop(pending.packet, reason);
}

// Padding is counted in the last byte (RFC 3550 section 5.1); false when it counts more than there is.
bool take_off_padding(net::Packet* payload, bool padded) {
  if (!padded) return true;
  const auto bytes = net::payload(payload);
  if (bytes.empty() || bytes.back() == 0 || bytes.back() > bytes.size()) return false;
  net::truncate(payload, bytes.size() - bytes.back());
  return true;
}

// What every authentic packet tells, whatever it carries.
void account(Core& core, const Pending& pending, const rtp::ExtensionValues& values) {
  const std::uint64_t bytes = pending.packet->data_len;
  core.stats.received_packets.add();
  core.stats.received_bytes.add(bytes);
  EndpointStatus& status = core.board.endpoints[pending.endpoint];
  status.received_packets.add();
  status.received_bytes.add(bytes);
  core.endpoints[pending.endpoint].received_media = true;
  heard(core, pending.endpoint, net::info(pending.packet).flow);
  const std::uint64_t arrival_us = core.now_us();
  if (values.has(rtp::Extension::transport_sequence)) {
    core.arrivals[pending.endpoint].on_packet({values.transport_sequence}, arrival_us);
  }
  Track& track = core.tracks[track_of(pending.stream)];
  const auto verdict = core.streams[pending.stream].statistics.on_packet(
      pending.header.sequence, pending.header.timestamp, arrival_us, track.parameters.clock_rate);
  if (verdict == rtp::ReceiverStatistics::Verdict::restarted && !is_retransmission(pending.stream)) {
    track.encodings[encoding_of(pending.stream)].nacks.restart();
  }
}

void note_activity(Core& core, StreamId id, const Pending& pending, const rtp::ExtensionValues& values) {
  Encoding& encoding = core.tracks[track_of(id)].encodings[encoding_of(id)];
  TrackStatus& status = core.board.tracks[track_of(id)];
  EncodingStatus& shown = status.encodings[encoding_of(id)];
  shown.packets.add();
  shown.bytes.add(pending.packet->data_len);
  if (values.has(rtp::Extension::audio_level)) status.audio_level.set(values.level());
  encoding.last_packet_ns = core.now_ns();
  if (encoding.active) return;
  encoding.active = true;
  shown.active.set(1);
  core.board.dirty_tracks.mark(track_of(id));
}

// RFC 4588 section 4: the original sequence number, and the original payload behind it. False for what is padding
// alone, as senders probe with.
bool unwrap_retransmission(Core& core, const Pending& pending, Arrived& arrived) {
  if (pending.payload->data_len < 2) return false;
  const StreamId media = stream_id(track_of(pending.stream), encoding_of(pending.stream), false);
  if (!core.streams[media].known) return false;  // nothing to place it in yet
  const std::uint16_t original = net::load_be16(net::payload(pending.payload).data());
  const srtp::ReceiveIndex& index = core.streams[media].index;
  arrived.sequence = index.estimate(original);
  // What was lost lies behind, or a little ahead of, what came.
  if (!index.window.empty() && arrived.sequence > index.window.highest() + kMostAhead) return false;
  net::strip(pending.payload, 2);
  arrived.stream = media;
  arrived.header.sequence = {original};
  arrived.recovered = true;
  core.stats.retransmissions_received.add();
  return true;
}

// Media or a retransmission of it: kept, and forwarded.
void take_payload(Core& core, const Pending& pending, const rtp::ExtensionValues& values, std::uint64_t index) {
  Arrived arrived{.payload = pending.payload,
                  .stream = pending.stream,
                  .sequence = index,
                  .arrival_ns = core.now_ns(),
                  .header = pending.header,
                  .extensions = values};
  const bool retransmission = is_retransmission(pending.stream);
  if (retransmission && !unwrap_retransmission(core, pending, arrived)) return net::free(pending.payload);
  if (!retransmission) note_activity(core, pending.stream, pending, values);
  const TrackSlot track = track_of(arrived.stream);
  Encoding& encoding = core.tracks[track].encodings[encoding_of(arrived.stream)];
  if (core.tracks[track].parameters.feedback.nack) {
    const auto arrival = encoding.nacks.on_packet(arrived.header.sequence, core.now_us());
    if (arrival == rtp::NackGenerator::Arrival::gave_up) want_key_frame(core, track, encoding_of(arrived.stream));
  }
  if (!hear(core, track, arrived)) return net::free(pending.payload);
  const StoredPacket* stored = store(core, arrived);
  if (stored == nullptr) return;
  if (arrived.recovered) core.board.tracks[track].encodings[encoding_of(arrived.stream)].recovered.add();
  share(core, track, encoding_of(arrived.stream), *stored);
  core.fan_out->forward(track, encoding_of(arrived.stream), *stored);
}

void take(Core& core, const Pending& pending, const srtp::UnprotectJob& job) {
  if (job.result != srtp::Result::ok) {
    core.stats.srtp_forged.add();
    core.board.endpoints[pending.endpoint].authentication_failures.add();
    return refuse(core, pending,
                  job.result == srtp::Result::malformed ? net::Drop::malformed_rtp : net::Drop::srtp_forged);
  }
  const std::uint32_t ssrc = rtp::to_wire(pending.header.ssrc);
  Stream& stream = core.streams[pending.stream];
  // Learned by an earlier packet of this burst, or now.
  if ((!stream.known || stream.ssrc != ssrc) && !learn(core, pending.endpoint, pending.stream, ssrc)) {
    return refuse(core, pending, net::Drop::unknown_stream);
  }
  if (stream.index.check(job.packet_index) != srtp::Replay::fresh) {
    core.stats.srtp_replayed.add();
    return refuse(core, pending, net::Drop::srtp_replayed);
  }
  stream.index.accept(job.packet_index);
  pending.payload->data_len = static_cast<std::uint16_t>(job.size);
  pending.payload->pkt_len = job.size;
  if (!take_off_padding(pending.payload, pending.header.padding)) {
    return refuse(core, pending, net::Drop::malformed_rtp);
  }
  const Track& track = core.tracks[track_of(pending.stream)];
  const auto elements = pending.header.extension_of(net::payload(pending.packet));
  const rtp::ExtensionValues values =
      rtp::find_extensions(pending.header.extension_profile, elements, track.parameters.extensions).values;
  account(core, pending, values);
  take_payload(core, pending, values, job.packet_index);
  core.shard.consume(pending.packet);
}

}  // namespace

void receive_media(Core& core, std::span<net::Packet* const> packets) {
  Batch& batch = *core.media_batch;
  batch.size = 0;
  for (net::Packet* p : packets) prepare(core, p, batch);
  if (batch.size == 0) return;
  core.cipher->unprotect(std::span(batch.jobs).first(batch.size));
  for (std::size_t i = 0; i < batch.size; ++i) take(core, batch.pending[i], batch.jobs[i]);
}

}  // namespace penstock::sfu
