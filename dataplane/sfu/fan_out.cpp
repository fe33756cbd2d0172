#include "dataplane/sfu/fan_out.h"

#include <algorithm>
#include <cstring>

#include "dataplane/engine/clock.h"
#include "dataplane/sfu/activity.h"
#include "dataplane/sfu/forward/overtaken.h"
#include "dataplane/sfu/key_frames.h"

namespace penstock::sfu {
namespace {

// A pass's share: some 130 packets, 50 us of our time and several times that of the kernel's; and a track's in turn.
constexpr int kUnitsPerPass = 512;
// When more comes than that: what a full burst makes in rooms of ten. Rooms that need still more have to wait.
constexpr int kMostUnitsPerPass = 4096;
constexpr int kUnitsPerTurn = 256;
constexpr int kUnitsPerVisit = 1;
constexpr int kUnitsPerPacket = 3;

bool ready(const Endpoint& endpoint) {
  return endpoint.secured && endpoint.connected && !endpoint.disconnected;
}

std::span<SentRecord> records_of(Core& core, SubscriptionSlot slot) {
  return {&core.sent[std::size_t{slot} * kSentRecords], kSentRecords};
}

std::span<std::uint8_t, rtp::HeaderTemplate::kMostBytes> header_of(net::Packet* p) {
  return std::span<std::uint8_t, rtp::HeaderTemplate::kMostBytes>(rte_pktmbuf_mtod(p, std::uint8_t*),
                                                                  rtp::HeaderTemplate::kMostBytes);
}

std::span<const std::uint8_t> payload_of(const StoredPacket& packet) {
  return net::payload(const_cast<const net::Packet*>(packet.packet));
}

// From this packet on the numbers of its encoding are others.
void follow_restarts(Subscription& subscription, std::uint8_t encoding, std::uint16_t restarts) {
  if (subscription.restarts[encoding] == restarts) return;
  subscription.restarts[encoding] = restarts;
  subscription.forwarder.restart(encoding);
}

}  // namespace

Source source_of(const Track& track) {
  Source source{.clock_rate_hz = track.parameters.clock_rate,
                .encoding_count = track.parameters.encoding_count,
                .active = active_encodings(track)};
  for (std::size_t i = 0; i < source.encoding_count; ++i) {
    source.encodings[i] = {&track.encodings[i].ring, &track.encodings[i].clock};
  }
  return source;
}

void FanOut::forward(TrackSlot slot, std::uint32_t encoding, const StoredPacket& packet) {
  Track& track = core_.tracks[slot];
  if (track.first_subscription == 0) return;
  const auto restarts = static_cast<std::uint16_t>(track.encodings[encoding].restarts);
  if (backlog_.add(slot, track.waiting, static_cast<std::uint8_t>(encoding), restarts, packet)) return;
  core_.stats.not_forwarded.add();  // its receivers will miss it, and may ask for it when there is time
}

bool FanOut::work() {
  if (backlog_.empty()) return false;
  const std::uint64_t begin = engine::cycles();
  for (Work work(backlog_.crowded() ? kMostUnitsPerPass : kUnitsPerPass); !backlog_.empty() && !work.spent();) {
    take_turn(work);
  }
  send_all();
  core_.shard.count_as_busy();
  core_.stats.fan_out_cycles.add(engine::cycles() - begin);
  return !backlog_.empty();
}

void FanOut::catch_up(SubscriptionSlot slot) {
  const Subscription& subscription = core_.subscriptions[slot];
  if (!ready(core_.endpoints[subscription.parameters.endpoint])) return;
  const Track& track = core_.tracks[subscription.parameters.track];
  const Source source = source_of(track);
  // It may have been offered the oldest already: what was sent is not sent again.
  for (std::uint16_t at = track.waiting.oldest; at != 0; at = backlog_.batch(at).later) {
    offer(source, slot, backlog_.batch(at));
  }
  batch_.flush();
}

void FanOut::send_all() {
  batch_.flush();
  const std::uint64_t now_ns = engine::monotonic_ns();
  backlog_.reclaim([&](const WaitingBatch& batch) {
    core_.stats.latency.add(now_ns - backlog_.packet(batch.first).stored.arrival_ns, batch.sent);
  });
}

void FanOut::take_turn(Work& work) {
  WaitingBatch& batch = backlog_.current();
  Track& track = core_.tracks[batch.track];
  if (!batch.begun) {
    batch.begun = true;
    batch.at = track.first_subscription;
  }
  Work turn(std::min(work.left(), kUnitsPerTurn));
  work.spend(turn.left());
  walk(batch, turn);
  work.spend(-turn.left());
  if (batch.at == 0) {
    backlog_.done(track.waiting);
  } else {
    backlog_.yield();
  }
}

void FanOut::walk(WaitingBatch& batch, Work& work) {
  const Source source = source_of(core_.tracks[batch.track]);
  look_ahead_.resume(batch.track);
  while (batch.at != 0 && !work.spent()) {
    const SubscriptionSlot slot = batch.at - 1;
    Subscription& subscription = core_.subscriptions[slot];
    batch.at = subscription.next_of_track;
    look_ahead_.step(slot, subscription);
    work.spend(kUnitsPerVisit);
    if (ready(core_.endpoints[subscription.parameters.endpoint])) {
      subscription.offered = true;
      const std::uint32_t sent = offer(source, slot, batch);
      batch.sent += sent;
      work.spend(static_cast<int>(sent) * kUnitsPerPacket);
    } else if (subscription.offered) {
      subscription.offered = false;
      subscription.forwarder.replace_source();  // begins with a key frame when the receiver is back
    }
  }
}

void FanOut::offer(SubscriptionSlot slot, std::uint32_t encoding, const StoredPacket& packet) {
  Subscription& subscription = core_.subscriptions[slot];
  if (!ready(core_.endpoints[subscription.parameters.endpoint])) return;
  Tally tally;
  const Track& track = core_.tracks[subscription.parameters.track];
  follow_restarts(subscription, static_cast<std::uint8_t>(encoding),
                  static_cast<std::uint16_t>(track.encodings[encoding].restarts));
  offer(source_of(track), slot, encoding, packet, tally);
  if (tally.packets != 0) account(slot, tally);
  show_layers(slot);
}

// Returns how many packets came of it.
std::uint32_t FanOut::offer(const Source& source, SubscriptionSlot slot, const WaitingBatch& batch) {
  if (batch_.room() < batch.count) batch_.flush();  // so that they stand together, as far as they fit
  Tally tally;
  for (std::uint16_t next = batch.first; next != 0;) {
    const WaitingPacket& packet = backlog_.packet(next);
    next = packet.next;
    follow_restarts(core_.subscriptions[slot], packet.encoding, packet.restarts);
    offer(source, slot, packet.encoding, packet.stored, tally);
  }
  if (tally.packets != 0) account(slot, tally);
  Subscription& subscription = core_.subscriptions[slot];
  if (const auto wanted = subscription.forwarder.key_frame_due(core_.now_ns())) {
    want_key_frame(core_, subscription.parameters.track, *wanted);
  }
  show_layers(slot);
  return tally.packets;
}

void FanOut::offer(const Source& source, SubscriptionSlot slot, std::uint32_t encoding, const StoredPacket& packet,
                   Tally& tally) {
  Subscription& subscription = core_.subscriptions[slot];
  Forwarder& forwarder = subscription.forwarder;
  const Decision decision = forwarder.on_packet(source, static_cast<std::uint8_t>(encoding), packet);
  if (!decision) return;
  const bool late = decision.outgoing.sequence != forwarder.newest_sent();
  SentPackets(records_of(core_, slot))
      .add(decision.outgoing, static_cast<std::uint8_t>(encoding), packet, late, core_.now_ns());
  if (emit(slot, decision.outgoing, packet)) {
    ++tally.packets;
    tally.payload_bytes += packet.payload_size();
  }
  if (!decision.switched) return;
  const std::uint64_t since = std::max(subscription.entered_ns, packet.arrival_ns - kReordering_ns);
  subscription.entered_ns = packet.arrival_ns;
  offer_overtaken(
      *source.encodings[encoding].ring, packet.sequence,
      [&](const StoredPacket& behind) { offer(source, slot, encoding, behind, tally); }, since);
}

void FanOut::account(SubscriptionSlot slot, const Tally& tally) {
  Subscription& subscription = core_.subscriptions[slot];
  subscription.counts.add(tally.packets, tally.payload_bytes);
  subscription.pacer.sent(tally.payload_bytes);
  subscription.sent_since_report = subscription.recorded = true;
  SubscriptionStatus& status = core_.board.subscriptions[slot];
  status.packets.add(tally.packets);
  status.bytes.add(tally.packets * subscription.header.size() + tally.payload_bytes);
}

// What is worth an event when it changes.
void FanOut::show_layers(SubscriptionSlot slot) {
  Subscription& subscription = core_.subscriptions[slot];
  const LayerSelector& layers = subscription.forwarder.layers();
  const std::uint32_t shown = std::uint32_t{layers.current()} | std::uint32_t{layers.target()} << 8 |
                              std::uint32_t{subscription.forwarder.temporal_layers()} << 16 | layers.waits() << 24;
  if (subscription.shown == shown) return;
  subscription.shown = shown;
  SubscriptionStatus& status = core_.board.subscriptions[slot];
  if (status.key_frame_waits.get() != layers.waits()) {
    core_.stats.key_frame_waits.add(layers.waits() - status.key_frame_waits.get());
    status.key_frame_waits.set(layers.waits());
  }
  status.temporal_layer.set(subscription.forwarder.temporal_layers());
  if (status.spatial_layer.get() == layers.current() && status.target_spatial_layer.get() == layers.target()) return;
  core_.stats.layer_switches.add(layers.switches() - status.layer_switches.get());
  status.layer_switches.set(layers.switches());
  status.spatial_layer.set(layers.current());
  status.target_spatial_layer.set(layers.target());
  core_.board.dirty_subscriptions.mark(slot);
}

// The same for all packets of a pass.
std::uint32_t FanOut::abs_send_time() {
  if (sent_ns_ != core_.now_ns()) {
    sent_ns_ = core_.now_ns();
    abs_send_time_ = rtp::abs_send_time_at(sent_ns_);
  }
  return abs_send_time_;
}

void FanOut::write_header(net::Packet* out, const Subscription& subscription, const rtp::FixedHeader& header,
                          const StoredPacket& packet, std::size_t payload_bytes) {
  rtp::ExtensionValues values;
  if (subscription.header.carries(rtp::Extension::abs_send_time)) values.set_abs_send_time(abs_send_time());
  if (subscription.header.carries(rtp::Extension::transport_sequence)) {
    rtp::SendHistory& history = core_.histories[subscription.parameters.endpoint];
    const auto size = static_cast<std::uint16_t>(payload_bytes + subscription.header.size());
    values.set_transport_sequence(history.on_sent(core_.now_us(), size).value);
  }
  if (packet.audio_level != StoredPacket::kNoAudioLevel) values.set_audio_level(packet.audio_level);
  if (packet.orientation != StoredPacket::kNoOrientation) values.set_video_orientation(packet.orientation);
  subscription.header.write(header_of(out), header, values);
}

// False without an outgoing packet, which the receiver will take for loss on the way, and may ask for.
bool FanOut::emit(SubscriptionSlot slot, const Outgoing& outgoing, const StoredPacket& packet) {
  if (packet.payload_size() > kStoredBytes) return false;
  if (batch_.room() == 0) batch_.flush();
  Subscription& subscription = core_.subscriptions[slot];
  const SubscriptionParameters& p = subscription.parameters;
  net::Packet* out = batch_.begin(core_.endpoints[p.endpoint]);
  if (out == nullptr) return false;
  const rtp::FixedHeader header{.ssrc = rtp::Ssrc{p.ssrc},
                                .timestamp = {outgoing.timestamp},
                                .sequence = {static_cast<std::uint16_t>(outgoing.sequence)},
                                .payload_type = p.payload_type,
                                .marker = outgoing.marker};
  write_header(out, subscription, header, packet, packet.payload_size());
  std::memcpy(batch_.prefix().data(), outgoing.prefix.data(), outgoing.prefix.size());
  batch_.add(out, p.endpoint,
             {.header_bytes = subscription.header.size(),
              .packet_index = outgoing.sequence,
              .prefix_bytes = outgoing.prefix_size,
              .payload = payload_of(packet)});
  return true;
}

void FanOut::resend(SubscriptionSlot slot, const Outgoing& outgoing, const StoredPacket& packet) {
  Subscription& subscription = core_.subscriptions[slot];
  const SubscriptionParameters& p = subscription.parameters;
  core_.stats.retransmitted.add();
  core_.board.subscriptions[slot].retransmitted.add();
  subscription.pacer.resent(packet.payload_size());
  // Without RTX the packet goes as it went: its header has nothing that changes.
  if (p.rtx_ssrc == 0) return static_cast<void>(emit(slot, outgoing, packet));
  if (packet.payload_size() > kStoredBytes) return;
  if (batch_.room() == 0) batch_.flush();
  net::Packet* out = batch_.begin(core_.endpoints[p.endpoint]);
  if (out == nullptr) return;
  const rtp::FixedHeader header{.ssrc = rtp::Ssrc{p.rtx_ssrc},
                                .timestamp = {outgoing.timestamp},
                                .sequence = {static_cast<std::uint16_t>(subscription.rtx_sequence)},
                                .payload_type = p.rtx_payload_type,
                                .marker = outgoing.marker};
  write_header(out, subscription, header, packet, packet.payload_size() + 2);
  // RFC 4588 section 4: the original sequence number goes before the payload.
  net::store_be16(batch_.prefix().data(), static_cast<std::uint16_t>(outgoing.sequence));
  std::memcpy(batch_.prefix().data() + 2, outgoing.prefix.data(), outgoing.prefix.size());
  batch_.add(out, p.endpoint,
             {.header_bytes = subscription.header.size(),
              .packet_index = subscription.rtx_sequence++,
              .prefix_bytes = outgoing.prefix_size + std::size_t{2},
              .payload = payload_of(packet)});
}

}  // namespace penstock::sfu
