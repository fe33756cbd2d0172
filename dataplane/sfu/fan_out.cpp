#include "dataplane/sfu/fan_out.h"

#include <algorithm>

#include "dataplane/sfu/activity.h"
#include "dataplane/sfu/forward/overtaken.h"
#include "dataplane/sfu/key_frames.h"

namespace penstock::sfu {
namespace {

bool ready(const Endpoint& endpoint) {
  return endpoint.secured && endpoint.connected && !endpoint.disconnected;
}

std::span<SentRecord> records_of(Core& core, SubscriptionSlot slot) {
  return {&core.sent[std::size_t{slot} * kSentRecords], kSentRecords};
}

std::uint8_t* first_byte(net::Packet* p) {
  return rte_pktmbuf_mtod(p, std::uint8_t*);
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
  const Track& track = core_.tracks[slot];
  const Source source = source_of(track);
  for (SubscriptionSlot next = track.first_subscription; next != 0;) {
    const SubscriptionSlot at = next - 1;
    Subscription& subscription = core_.subscriptions[at];
    next = subscription.next_of_track;
    if (next != 0) __builtin_prefetch(&core_.subscriptions[next - 1]);
    if (ready(core_.endpoints[subscription.parameters.endpoint])) {
      subscription.offered = true;
      offer(source, at, encoding, packet);
    } else if (subscription.offered) {
      subscription.offered = false;
      subscription.forwarder.replace_source();  // begins with a key frame when the receiver is back
    }
  }
}

void FanOut::offer(const Source& source, SubscriptionSlot slot, std::uint32_t encoding, const StoredPacket& packet) {
  Subscription& subscription = core_.subscriptions[slot];
  Forwarder& forwarder = subscription.forwarder;
  const Decision decision = forwarder.on_packet(source, static_cast<std::uint8_t>(encoding), packet);
  if (const auto wanted = forwarder.key_frame_due(core_.now_ns())) {
    want_key_frame(core_, subscription.parameters.track, *wanted);
  }
  show_layers(slot);
  if (!decision) return;
  subscription.counts.add(packet.payload_size());
  subscription.pacer.sent(packet.payload_size());
  SubscriptionStatus& status = core_.board.subscriptions[slot];
  status.packets.add();
  status.bytes.add(subscription.header.size() + packet.payload_size());
  const bool late = decision.outgoing.sequence != forwarder.newest_sent();
  SentPackets(records_of(core_, slot))
      .add(decision.outgoing, static_cast<std::uint8_t>(encoding), packet, late, core_.now_ns());
  emit(slot, decision.outgoing, packet);
  if (!decision.switched) return;
  const std::uint64_t since = std::max(subscription.entered_ns, packet.arrival_ns - kReordering_ns);
  subscription.entered_ns = packet.arrival_ns;
  offer_overtaken(
      *source.encodings[encoding].ring, packet.sequence,
      [&](const StoredPacket& behind) { offer(source, slot, encoding, behind); }, since);
}

// What is worth an event when it changes.
void FanOut::show_layers(SubscriptionSlot slot) {
  const Subscription& subscription = core_.subscriptions[slot];
  const LayerSelector& layers = subscription.forwarder.layers();
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

// An empty outgoing packet; nullptr when there is none, which the receiver will take for loss on the way.
net::Packet* FanOut::begin(const StoredPacket& packet) {
  if (packet.payload_size() > kStoredBytes) return nullptr;
  if (size_ == jobs_.size()) flush();
  net::Packet* out = core_.outgoing.allocate();
  if (out == nullptr) {
    core_.stats.outgoing_exhausted.add();
    return nullptr;
  }
  core_.shard.counters().copied.add();
  return out;
}

rtp::ExtensionValues FanOut::extension_values(const Subscription& subscription, const StoredPacket& packet,
                                              std::size_t payload_bytes) const {
  rtp::ExtensionValues values;
  const rtp::ExtensionIds& ids = subscription.parameters.extensions;
  if (ids[rtp::Extension::abs_send_time] != 0) values.set_abs_send_time(rtp::abs_send_time_at(core_.now_ns()));
  if (ids[rtp::Extension::transport_sequence] != 0) {
    rtp::SendHistory& history = core_.histories[subscription.parameters.endpoint];
    const auto size = static_cast<std::uint16_t>(payload_bytes + subscription.header.size());
    const auto tag = static_cast<std::uint32_t>(&subscription - &core_.subscriptions[0]);
    values.set_transport_sequence(history.on_sent(core_.now_us(), size, tag).value);
  }
  if (packet.audio_level != StoredPacket::kNoAudioLevel) values.set_audio_level(packet.audio_level);
  if (packet.orientation != StoredPacket::kNoOrientation) values.set_video_orientation(packet.orientation);
  return values;
}

void FanOut::emit(SubscriptionSlot slot, const Outgoing& outgoing, const StoredPacket& packet) {
  Subscription& subscription = core_.subscriptions[slot];
  net::Packet* out = begin(packet);
  if (out == nullptr) return;
  const SubscriptionParameters& p = subscription.parameters;
  const rtp::FixedHeader header{.ssrc = rtp::Ssrc{p.ssrc},
                                .timestamp = {outgoing.timestamp},
                                .sequence = {static_cast<std::uint16_t>(outgoing.sequence)},
                                .payload_type = p.payload_type,
                                .marker = outgoing.marker};
  subscription.header.write(
      std::span<std::uint8_t, rtp::HeaderTemplate::kMostBytes>(first_byte(out), rtp::HeaderTemplate::kMostBytes),
      header, extension_values(subscription, packet, packet.payload_size()));
  enqueue(out, p.endpoint, subscription.header.size(), outgoing.sequence,
          std::span(outgoing.prefix).first(outgoing.prefix_size), packet);
  subscription.sent_since_report = true;
}

void FanOut::resend(SubscriptionSlot slot, const Outgoing& outgoing, const StoredPacket& packet) {
  Subscription& subscription = core_.subscriptions[slot];
  const SubscriptionParameters& p = subscription.parameters;
  core_.stats.retransmitted.add();
  core_.board.subscriptions[slot].retransmitted.add();
  subscription.pacer.resent(packet.payload_size());
  // Without RTX the packet goes as it went: its header has nothing that changes.
  if (p.rtx_ssrc == 0) return emit(slot, outgoing, packet);
  net::Packet* out = begin(packet);
  if (out == nullptr) return;
  const rtp::FixedHeader header{.ssrc = rtp::Ssrc{p.rtx_ssrc},
                                .timestamp = {outgoing.timestamp},
                                .sequence = {static_cast<std::uint16_t>(subscription.rtx_sequence)},
                                .payload_type = p.rtx_payload_type,
                                .marker = outgoing.marker};
  subscription.rtx_header.write(
      std::span<std::uint8_t, rtp::HeaderTemplate::kMostBytes>(first_byte(out), rtp::HeaderTemplate::kMostBytes),
      header, extension_values(subscription, packet, packet.payload_size() + 2));
  // RFC 4588 section 4: the original sequence number goes before the payload.
  std::array<std::uint8_t, kMostPrefix> prefix;
  net::store_be16(prefix.data(), static_cast<std::uint16_t>(outgoing.sequence));
  std::copy_n(outgoing.prefix.begin(), outgoing.prefix_size, prefix.begin() + 2);
  enqueue(out, p.endpoint, subscription.rtx_header.size(), subscription.rtx_sequence++,
          std::span(prefix).first(outgoing.prefix_size + std::size_t{2}), packet);
}

void FanOut::pin(const StoredPacket& packet) {
  if (pinned_count_ != 0 && pinned_[pinned_count_ - 1] == packet.packet) return;
  rte_mbuf_refcnt_update(packet.packet, 1);
  pinned_[pinned_count_++] = packet.packet;
}

void FanOut::enqueue(net::Packet* out, EndpointSlot endpoint, std::size_t header_bytes, std::uint64_t index,
                     std::span<const std::uint8_t> prefix, const StoredPacket& packet) {
  pin(packet);
  std::copy(prefix.begin(), prefix.end(), prefixes_[size_].begin());
  targets_[size_] = {out, endpoint};
  jobs_[size_] = {.context = send_context(endpoint),
                  .header_size = static_cast<std::uint16_t>(header_bytes),
                  .packet_index = index,
                  .out = {first_byte(out), kOutgoingBytes},
                  .prefix = std::span(prefixes_[size_]).first(prefix.size()),
                  .payload = net::payload(const_cast<const net::Packet*>(packet.packet))};
  ++size_;
}

void FanOut::flush() {
  core_.cipher->protect(std::span(jobs_).first(size_));
  for (std::size_t i = 0; i < size_; ++i) {
    net::Packet* out = targets_[i].packet;
    if (jobs_[i].result != srtp::Result::ok) {
      core_.shard.drop(out, net::Drop::media_without_keys);
      continue;
    }
    out->data_len = static_cast<std::uint16_t>(jobs_[i].size);
    out->pkt_len = jobs_[i].size;
    aim(out, core_.endpoints[targets_[i].endpoint]);
    core_.stats.forwarded_packets.add();
    core_.stats.forwarded_bytes.add(jobs_[i].size);
    EndpointStatus& status = core_.board.endpoints[targets_[i].endpoint];
    status.sent_packets.add();
    status.sent_bytes.add(jobs_[i].size);
    core_.shard.send(out);
  }
  for (std::size_t i = 0; i < pinned_count_; ++i) net::free(pinned_[i]);
  size_ = 0;
  pinned_count_ = 0;
}

}  // namespace penstock::sfu
