#include "bench/load/sfu/media/participant.h"

#include <algorithm>
#include <array>

#include "bench/load/sfu/media/negotiated.h"
#include "dataplane/rtp/rtcp_feedback.h"

namespace penstock::load::media {
namespace {

constexpr std::uint64_t kMillisecond_ns = 1'000'000;
constexpr std::uint64_t kReportInterval_ns = 1000 * kMillisecond_ns;
/// How soon after a gap the first NACK may be due, and how often to look again while something is missing.
constexpr std::uint64_t kRepairInterval_ns = 12 * kMillisecond_ns;
constexpr std::string_view kCname = "penstock-load";
/// An own SSRC for those who send nothing (RFC 3550 section 6.4.2 wants one in reports); libwebrtc's is 1, too.
constexpr rtp::Ssrc kReceiverSsrc{1};

using Compound = std::array<std::uint8_t, peer::Outbox::kMostRtcp>;

}  // namespace

Participant::Participant(peer::Loop& loop, peer::Endpoint& endpoint, const ParticipantOptions& options, Tally& tally)
    : loop_(loop), endpoint_(endpoint), tally_(tally), sender_(endpoint), interval_ns_(options.rtcp_interval_ns) {
  if (options.audio) audio_.emplace(sender_, *options.audio);
  if (options.video) video_.emplace(sender_, *options.video);
  if (options.transport_feedback) arrivals_ = std::make_unique<rtp::TransportFeedbackRecorder>();
  for (const StreamOptions& stream : options.streams) add_stream(stream);
  endpoint_.listen(this);
}

Participant::~Participant() {
  loop_.schedule().remove(*this);
  if (audio_) loop_.schedule().remove(*audio_);
  if (video_) loop_.schedule().remove(*video_);
  loop_.close(&endpoint_);
}

void Participant::add_stream(const StreamOptions& options) {
  streams_.push_back(std::make_unique<ReceivedStream>(options, tally_));
  by_ssrc_[options.ssrc] = streams_.back().get();
  if (options.rtx_ssrc != 0) by_ssrc_[options.rtx_ssrc] = streams_.back().get();
}

void Participant::on_state(peer::State state, std::uint64_t now_ns) {
  if (state == peer::State::failed || state == peer::State::closed) ++tally_.failed;
  if (state != peer::State::connected) return;
  ++tally_.connected;
  tally_.setup.record(endpoint_.setup_ns());
  tally_.ice.record(endpoint_.ice_ns());
  for (const auto& stream : streams_) stream->begin(now_ns);
  // Not all at once: cameras of thousands are not in step.
  const std::uint64_t spread = peer::random_number() % (33 * kMillisecond_ns);
  if (audio_) loop_.schedule().add(*audio_, now_ns + spread);
  if (video_) loop_.schedule().add(*video_, now_ns + spread);
  next_reports_ns_ = now_ns + kReportInterval_ns + spread * 10;
  next_feedback_ns_ = now_ns + interval_ns_ + spread;
  loop_.schedule().add(*this, now_ns);
}

void Participant::on_rtp(const peer::ReceivedRtp& packet) {
  const auto found = by_ssrc_.find(rtp::to_wire(packet.header.ssrc));
  if (found == by_ssrc_.end()) {
    ++tally_.video.out_of_place;
    return;
  }
  if (arrivals_ && packet.header.extension) {
    const auto extensions = rtp::find_extensions(packet.header.extension_profile,
                                                 packet.header.extension_of(packet.packet), all_extensions());
    if (extensions.values.has(rtp::Extension::transport_sequence)) {
      arrivals_->on_packet({extensions.values.transport_sequence}, packet.received_ns / 1000);
      feedback_media_ = packet.header.ssrc;
    }
  }
  if (found->second->take(packet)) loop_.schedule().add(*this, packet.received_ns + kRepairInterval_ns);
}

void Participant::on_rtcp(const rtp::RtcpCompound& compound, std::uint64_t now_ns) {
  for (const rtp::RtcpPacket packet : compound) {
    if (const auto report = rtp::sender_report(packet)) {
      const auto found = by_ssrc_.find(rtp::to_wire(report->sender));
      if (found != by_ssrc_.end()) found->second->take_sender_report(*report, now_ns);
    } else {
      take_feedback(packet, now_ns);
    }
  }
}

void Participant::take_feedback(const rtp::RtcpPacket& packet, std::uint64_t now_ns) {
  if (const auto feedback = rtp::transport_feedback(packet)) {
    std::uint64_t arrived = 0;
    auto arrivals = feedback->arrivals();
    while (arrivals.next()) ++arrived;
    ++tally_.control.feedback_received;
    tally_.control.feedback_lost += feedback->status_count - arrived;
  } else if (const auto nack = rtp::nack(packet)) {
    Vp8Encoding* const encoding = video_ ? video_->encoding(rtp::to_wire(nack->media)) : nullptr;
    nack->for_each([&](rtp::SequenceNumber sequence) {
      ++tally_.control.nacks_received;
      if (encoding != nullptr) encoding->resend(sender_, sequence, now_ns);
    });
  } else if (const auto loss = rtp::picture_loss(packet)) {
    request_key_frame(loss->media, now_ns);
  } else if (const auto request = rtp::full_intra_request(packet)) {
    for (const rtp::FullIntraItem item : request->items) request_key_frame(item.media, now_ns);
  }
}

void Participant::request_key_frame(rtp::Ssrc media, std::uint64_t now_ns) {
  ++tally_.control.plis_received;
  Vp8Encoding* const encoding = video_ ? video_->encoding(rtp::to_wire(media)) : nullptr;
  if (encoding != nullptr) encoding->request_key_frame(now_ns);
}

std::uint64_t Participant::run(std::uint64_t now_ns) {
  if (endpoint_.state() != peer::State::connected) return kNever;
  if (now_ns >= next_reports_ns_) {
    next_reports_ns_ += kReportInterval_ns;
    send_reports(now_ns);
  }
  send_feedback(now_ns);
  const bool missing =
      std::any_of(streams_.begin(), streams_.end(), [](const auto& s) { return s->anything_missing(); });
  const std::uint64_t due = std::min(next_feedback_ns_, next_reports_ns_);
  return missing ? std::min(due, now_ns + kRepairInterval_ns) : due;
}

rtp::Ssrc Participant::own_ssrc() const {
  if (video_) return rtp::Ssrc{video_->encodings().front().ssrc()};
  return audio_ ? rtp::Ssrc{audio_->ssrc()} : kReceiverSsrc;
}

void Participant::append_sender_reports(rtp::RtcpWriter& writer, std::uint64_t now_ns) {
  if (audio_) writer.sender_report(rtp::Ssrc{audio_->ssrc()}, audio_->sender_info(now_ns));
  if (!video_) return;
  for (const Vp8Encoding& encoding : video_->encodings()) {
    writer.sender_report(rtp::Ssrc{encoding.ssrc()}, encoding.sender_info(now_ns));
  }
}

void Participant::send_reports(std::uint64_t now_ns) {
  Compound buffer;
  rtp::RtcpWriter writer(buffer);
  append_sender_reports(writer, now_ns);
  std::array<rtp::ReportBlock, rtp::RtcpWriter::kMostReportBlocks> blocks;
  std::size_t count = 0;
  for (const auto& stream : streams_) {
    if (count == blocks.size()) break;
    if (const auto block = stream->report(now_ns)) blocks[count++] = *block;
  }
  if (!streams_.empty()) {
    writer.receiver_report(own_ssrc(), std::span(blocks).first(count));
    ++tally_.control.receiver_reports;
  }
  writer.cname(own_ssrc(), kCname);
  endpoint_.send_rtcp(std::span(buffer).first(writer.size()));
}

/// NACK and PLI when they are due, transport-wide feedback every interval, as reduced-size RTCP (RFC 5506).
void Participant::send_feedback(std::uint64_t now_ns) {
  Compound buffer;
  rtp::RtcpWriter writer(buffer);
  for (const auto& stream : streams_) stream->append_requests(writer, own_ssrc(), now_ns);
  if (now_ns >= next_feedback_ns_) {
    next_feedback_ns_ = std::max(next_feedback_ns_ + interval_ns_, now_ns);
    while (arrivals_ && arrivals_->pending() && arrivals_->append_to(writer, own_ssrc(), feedback_media_)) {
      ++tally_.control.feedback_sent;
    }
  }
  if (!writer.empty()) endpoint_.send_rtcp(std::span(buffer).first(writer.size()));
}

}  // namespace penstock::load::media
