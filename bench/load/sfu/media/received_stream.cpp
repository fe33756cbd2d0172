#include "bench/load/sfu/media/received_stream.h"

#include <array>

#include "bench/load/sfu/media/negotiated.h"
#include "bench/load/sfu/media/stamp.h"
#include "dataplane/rtp/vp8.h"

namespace penstock::load::media {
namespace {

constexpr std::uint64_t kMillisecond_ns = 1'000'000;
/// What does not come within this is lost, whatever comes later.
constexpr std::uint64_t kPatience_ns = 1000 * kMillisecond_ns;
constexpr std::uint64_t kPliInterval_ns = 500 * kMillisecond_ns;
constexpr std::size_t kMostNacks = 100;
constexpr std::size_t kFloodNacks = 256;
constexpr std::size_t kTableOfContentsBytes = 1;
constexpr std::size_t kFrameTagBytes = 3, kKeyFrameHeadBytes = 10;  // RFC 6386 section 9.1

}  // namespace

ReceivedStream::ReceivedStream(const StreamOptions& options, Tally& tally)
    : options_(options), tally_(tally), received_(options.video ? tally.video : tally.audio) {
  if (options.video) {
    video_ = std::make_unique<Video>();
  } else {
    audio_ = std::make_unique<PacketOrder<char, 64>>();
  }
}

void ReceivedStream::begin(std::uint64_t now_ns) {
  began_ns_ = now_ns;
  if (video_) video_->next_pli_ns = now_ns;
}

bool ReceivedStream::take(const peer::ReceivedRtp& packet) {
  const bool repair = rtp::to_wire(packet.header.ssrc) == options_.rtx_ssrc && options_.rtx_ssrc != 0;
  const auto payload = packet.header.padding ? rtp::payload_of({.padding = true, .header_bytes = 0}, packet.payload)
                                             : std::optional<rtp::Bytes>(packet.payload);
  if (!payload) {
    ++received_.corrupt;
    return false;
  }
  if (payload->empty()) return false;  // a probe
  if (repair) {
    if (!video_ || payload->size() < 2) {
      ++received_.corrupt;
      return false;
    }
    return take_video(packet, payload->subspan(2), {rtp::load_be16(payload->data())}, true);
  }
  newest_ = packet.header.sequence.value;
  seen_ = true;
  statistics_.on_packet(packet.header.sequence, packet.header.timestamp, packet.received_ns / 1000,
                        options_.video ? kVideoClock_hz : kOpusClock_hz);
  ++received_.packets;
  received_.bytes += payload->size();
  return video_ ? take_video(packet, *payload, packet.header.sequence, false) : take_audio(packet);
}

/// Is the payload what was sent, and of the track that was subscribed to?
bool ReceivedStream::judge(rtp::Bytes stamped, bool repair, std::uint64_t now_ns, std::uint8_t& encoding) {
  const auto stamp = read_stamped(stamped);
  if (!stamp) {
    ++received_.corrupt;
    return false;
  }
  if (track_of(stamp->source) != options_.track) {
    ++received_.out_of_place;
    return false;
  }
  encoding = static_cast<std::uint8_t>(encoding_of(stamp->source));
  if (!repair && now_ns > stamp->sent_ns) received_.latency.record(now_ns - stamp->sent_ns);
  return true;
}

bool ReceivedStream::take_audio(const peer::ReceivedRtp& packet) {
  std::uint8_t encoding = 0;
  if (packet.payload.size() < kTableOfContentsBytes) {
    ++received_.corrupt;
    return false;
  }
  judge(packet.payload.subspan(kTableOfContentsBytes), false, packet.received_ns, encoding);
  while (audio_->crowded(packet.header.sequence)) {
    received_.lost += audio_->give_up();
    while (audio_->take()) {
    }
  }
  const auto note = audio_->add(packet.header.sequence, 0);
  received_.skipped += note.skipped;
  if (note.arrival == PacketOrder<char, 64>::Arrival::late) ++received_.reordered;
  if (note.arrival == PacketOrder<char, 64>::Arrival::duplicate) ++received_.duplicates;
  while (audio_->take()) {
  }
  return false;
}

bool ReceivedStream::take_video(const peer::ReceivedRtp& packet, rtp::Bytes payload, rtp::SequenceNumber sequence,
                                bool repair) {
  using Arrival = PacketOrder<PicturePacket>::Arrival;
  if (repair) ++received_.retransmissions;
  const auto descriptor = rtp::parse_vp8(payload);
  if (!descriptor) {
    ++received_.corrupt;
    return false;
  }
  PicturePacket picture{.timestamp = packet.header.timestamp.value,
                        .picture_id = descriptor->picture_id,
                        .tl0picidx = descriptor->tl0picidx,
                        .temporal_layer = descriptor->temporal_layer,
                        .start = descriptor->frame_start(),
                        .key = rtp::starts_key_frame(*descriptor, payload),
                        .marker = packet.header.marker};
  const std::size_t tag = !picture.start ? 0 : picture.key ? kKeyFrameHeadBytes : kFrameTagBytes;
  const std::size_t head = std::min(payload.size(), descriptor->bytes + tag);
  if (!judge(payload.subspan(head), repair, packet.received_ns, picture.encoding)) return false;

  while (video_->order.crowded(sequence)) {
    received_.lost += video_->order.give_up();
    video_->check.lose();
    advance(packet.received_ns);
  }
  const auto note = video_->order.add(sequence, picture);
  received_.skipped += note.skipped;
  if (note.arrival == Arrival::late) ++(repair ? received_.recovered : received_.reordered);
  if (note.arrival == Arrival::duplicate) ++received_.duplicates;
  if (!repair || note.arrival == Arrival::late) video_->nacks.on_packet(sequence, packet.received_ns / 1000);
  advance(packet.received_ns);
  return note.arrival == Arrival::skipped;
}

/// Checks what is in order by now; gives up on a gap that has stood too long.
void ReceivedStream::advance(std::uint64_t now_ns) {
  for (;;) {
    while (const auto picture = video_->order.take()) {
      video_->check.take(*picture, tally_.pictures);
      video_->stuck_ns = 0;
    }
    if (!video_->had_picture && video_->check.decodable()) {
      video_->had_picture = true;
      tally_.pictures.first_picture.record(now_ns - began_ns_);
    }
    if (!video_->order.waiting()) return;
    if (video_->stuck_ns == 0) video_->stuck_ns = now_ns;
    if (now_ns - video_->stuck_ns < kPatience_ns) return;
    received_.lost += video_->order.give_up();
    video_->check.lose();
  }
}

void ReceivedStream::take_sender_report(const rtp::SenderReport& report, std::uint64_t now_ns) {
  statistics_.on_sender_report(report.info.ntp, now_ns / 1000);
}

std::optional<rtp::ReportBlock> ReceivedStream::report(std::uint64_t now_ns) {
  if (!statistics_.valid()) return std::nullopt;
  return statistics_.report(rtp::Ssrc{options_.ssrc}, now_ns / 1000);
}

void ReceivedStream::append_requests(rtp::RtcpWriter& writer, rtp::Ssrc own, std::uint64_t now_ns) {
  if (!video_) return;
  if (options_.flood) return append_flood(writer, own);
  advance(now_ns);
  const rtp::Ssrc media{options_.ssrc};
  std::array<rtp::SequenceNumber, kMostNacks> due;
  const std::size_t count = options_.nack ? video_->nacks.collect(now_ns / 1000, 0, due) : 0;
  tally_.control.nacked += writer.nack(own, media, std::span(due).first(count));
  if (video_->check.decodable() || now_ns < video_->next_pli_ns) return;
  if (writer.picture_loss(own, media)) ++tally_.control.plis;
  video_->next_pli_ns = now_ns + kPliInterval_ns;
}

void ReceivedStream::append_flood(rtp::RtcpWriter& writer, rtp::Ssrc own) {
  const rtp::Ssrc media{options_.ssrc};
  if (!seen_) return;
  std::array<rtp::SequenceNumber, kFloodNacks> all;
  for (std::size_t i = 0; i < kFloodNacks; ++i) {
    all[i] = rtp::SequenceNumber{newest_} - static_cast<std::int64_t>(kFloodNacks - 1 - i);
  }
  tally_.control.nacked += writer.nack(own, media, all);
  if (writer.picture_loss(own, media)) ++tally_.control.plis;
}

}  // namespace penstock::load::media
