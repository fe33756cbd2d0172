#include "dataplane/sfu/forward/forwarder.h"

#include <type_traits>

namespace penstock::sfu {

static_assert(std::is_trivially_copyable_v<Forwarder>);
static_assert(sizeof(SequenceMap) + sizeof(TimestampMap) + 8 == 64, "what every packet needs is one line");
static_assert(sizeof(LayerSelector) + sizeof(PictureMap) + 2 <= 64, "and another one");
static_assert(sizeof(Forwarder) <= 6 * 64);

namespace {

Decision refused(Verdict verdict) {
  Decision decision;
  decision.verdict = verdict;
  return decision;
}

}  // namespace

void Forwarder::start(const SubscriptionParameters& parameters) {
  *this = {};
  audio_ = parameters.kind == MediaKind::audio;
  sequences_.start(parameters.first_sequence);
  timestamps_.start(parameters.first_timestamp);
  pictures_.start(parameters.first_picture_id);
  layers_.start(parameters.kind, parameters.max_spatial_layer, parameters.paused);
  temporal_.set_limit(parameters.max_temporal_layer);
}

void Forwarder::set_limits(const SubscriptionParameters& parameters) {
  layers_.set_limit(parameters.max_spatial_layer);
  layers_.set_paused(parameters.paused);
  temporal_.set_limit(parameters.max_temporal_layer);
}

void Forwarder::replace_source() {
  oldest_kept_ = sequences_.newest_sent() + 1;
  mapped_ = LayerSelector::kNone;
  layers_.set_active(0);
  layers_.forget_current();
}

void Forwarder::restart(std::uint8_t encoding) {
  if (encoding >= kMostEncodings) return;
  // Whatever was sent under old numbers cannot be built again, also of an encoding that was left meanwhile: under its
  // number there may be another packet now, and one SRTP index must never protect two.
  oldest_kept_ = sequences_.newest_sent() + 1;
  newest_source_[encoding] = 0;
  if (encoding != mapped_) return;
  mapped_ = LayerSelector::kNone;
  if (encoding == layers_.current()) layers_.forget_current();
}

Decision Forwarder::on_packet(const Source& source, std::uint8_t encoding, const StoredPacket& packet) {
  layers_.set_active(source.active);
  if (packet.payload_size() == 0) return take_empty(encoding, packet);
  switch (layers_.on_packet(encoding, audio_ || packet.key_frame)) {
    case LayerSelector::Step::paused:
      return refused(Verdict::paused);
    case LayerSelector::Step::wrong_layer:
      return refused(Verdict::wrong_layer);
    case LayerSelector::Step::wait_key_frame:
      return refused(Verdict::wait_key_frame);
    case LayerSelector::Step::switch_to:
      return enter(source, encoding, packet);
    case LayerSelector::Step::forward:
      break;
  }
  return place(source, encoding, packet);
}

Decision Forwarder::enter(const Source& source, std::uint8_t encoding, const StoredPacket& packet) {
  timestamps_.enter(packet.timestamp, aligned(source, encoding, packet.timestamp), packet.arrival_ns,
                    source.clock_rate_hz);
  if (mapped_ != LayerSelector::kNone) newest_source_[mapped_] = sequences_.newest();
  mapped_ = encoding;
  const std::uint64_t sequence = sequences_.enter(packet.sequence, history_);
  pictures_.enter(packet.layer);
  temporal_.enter(packet.sequence);
  last_timestamp_ = packet.timestamp;
  last_marker_ = packet.marker;
  last_forwarded_ = true;
  Decision decision = made(packet, sequence);
  decision.switched = true;
  timestamps_.sent(decision.outgoing.timestamp, packet.arrival_ns);
  return decision;
}

Decision Forwarder::place(const Source& source, std::uint8_t encoding, const StoredPacket& packet) {
  switch (sequences_.place(packet.sequence, history_)) {
    case SequenceMap::Place::newest:
      return take_newest(packet);
    case SequenceMap::Place::hole:
      return take_late(packet);
    case SequenceMap::Place::jump:
      return jump(source, encoding, packet);
    case SequenceMap::Place::duplicate:
      return refused(Verdict::duplicate);
    case SequenceMap::Place::dropped:
      return refused(Verdict::temporal_layer);
    case SequenceMap::Place::too_old:
      break;
  }
  return refused(Verdict::late);
}

// So much is missing that pictures cannot go on: better a key frame than a gap that the receiver tries to have filled.
Decision Forwarder::jump(const Source& source, std::uint8_t encoding, const StoredPacket& packet) {
  if (audio_ || packet.key_frame) return enter(source, encoding, packet);
  layers_.forget_current();
  return refused(Verdict::wait_key_frame);
}

Decision Forwarder::take_newest(const StoredPacket& packet) {
  const bool same = same_frame(packet);
  const bool forwarded = audio_ || (same ? last_forwarded_ : temporal_.admit(packet));
  const std::uint64_t missing = packet.sequence - sequences_.newest() - 1;
  const Unmissed not_missed = missing != 0 && !audio_ ? unmissed(packet, forwarded) : Unmissed{};
  if (!same) pictures_.advance(packet.layer, packet.key_frame, forwarded, missing);
  last_timestamp_ = packet.timestamp;
  last_marker_ = packet.marker;
  last_forwarded_ = forwarded;
  if (!forwarded) {
    sequences_.drop(packet.sequence, not_missed, history_);
    return refused(Verdict::temporal_layer);
  }
  const std::uint64_t sequence = sequences_.forward(packet.sequence, not_missed, history_);
  timestamps_.sent(timestamps_.map(packet.timestamp), packet.arrival_ns);
  return made(packet, sequence);
}

Decision Forwarder::take_late(const StoredPacket& packet) {
  switch (pictures_.find(packet.layer)) {
    case PictureMap::Frame::too_old:
      return refused(Verdict::late);
    case PictureMap::Frame::dropped:
      return refused(Verdict::temporal_layer);
    case PictureMap::Frame::unknown:
      if (!audio_ && !temporal_.admit_late(packet)) return refused(Verdict::temporal_layer);
      pictures_.fill(packet.layer);
      break;
    case PictureMap::Frame::sent:
      break;
  }
  const Decision decision = made(packet, sequences_.fill(packet.sequence, history_));
  timestamps_.sent(decision.outgoing.timestamp, packet.arrival_ns);  // what came after it may all have been dropped
  return decision;
}

// Senders without RTX probe with padding, between frames.
Decision Forwarder::take_empty(std::uint8_t encoding, const StoredPacket& packet) {
  if (encoding != layers_.current()) return refused(Verdict::empty);
  if (sequences_.place(packet.sequence, history_) == SequenceMap::Place::newest) {
    sequences_.drop(packet.sequence, {.first = !audio_ && !last_forwarded_ && !last_marker_}, history_);
    last_marker_ = true;
  }
  return refused(Verdict::empty);
}

bool Forwarder::same_frame(const StoredPacket& packet) const {
  return packet.timestamp == last_timestamp_ && pictures_.ahead(packet.layer) == 0;
}

// Of the packets missing between the last one and this, `forwarded` or not: what can be told from the two about the
// frames that they belong to. When in doubt somebody will miss them.
Unmissed Forwarder::unmissed(const StoredPacket& packet, bool forwarded) const {
  Unmissed not_missed;
  if (same_frame(packet)) {
    not_missed.all = !forwarded;
    return not_missed;
  }
  const bool last_goes_on = !last_marker_;
  const bool this_began = !packet.frame_start;
  not_missed.first = last_goes_on && !last_forwarded_;
  not_missed.last = this_began && !forwarded;
  if (pictures_.ahead(packet.layer) != 1) return not_missed;
  // No frame between the two, so what is missing is the end of the one and the beginning of the other; or, if neither
  // lacks any, padding.
  not_missed.all = (!last_goes_on || !last_forwarded_) && (!this_began || !forwarded);
  return not_missed;
}

Decision Forwarder::made(const StoredPacket& packet, std::uint64_t sequence) const {
  Decision decision;
  Outgoing& out = decision.outgoing;
  out.sequence = sequence;
  out.timestamp = timestamps_.map(packet.timestamp);
  out.marker = packet.marker;
  if (packet.layer.has_picture_id) out.picture_id = pictures_.picture_id(packet.layer);
  if (packet.layer.has_tl0_index) out.tl0_index = pictures_.tl0_index(packet.layer);
  patch_prefix(out, packet);
  return decision;
}

std::optional<std::uint32_t> Forwarder::aligned(const Source& source, std::uint8_t encoding,
                                                std::uint32_t timestamp) const {
  if (mapped_ == LayerSelector::kNone) return std::nullopt;
  if (mapped_ == encoding) return timestamp;
  const rtp::SenderReportClock* from = source.encodings[encoding].clock;
  const rtp::SenderReportClock* to = source.encodings[mapped_].clock;
  if (from == nullptr || to == nullptr) return std::nullopt;
  const auto at = rtp::align(*from, {timestamp}, source.clock_rate_hz, *to, source.clock_rate_hz);
  return at ? std::optional(at->value) : std::nullopt;
}

}  // namespace penstock::sfu
