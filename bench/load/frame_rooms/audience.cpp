#include "bench/load/frame_rooms/audience.h"

#include <algorithm>
#include <array>

#include "bench/load/frame_rooms/camera.h"
#include "bench/load/frame_rooms/crowd.h"
#include "bench/load/frame_rooms/program.h"
#include "bench/load/sfu/media/negotiated.h"
#include "bench/load/sfu/media/stamp.h"
#include "dataplane/rtp/header_extensions.h"
#include "dataplane/rtp/rtcp_reports.h"

namespace penstock::frame_rooms {
namespace {

/// An own SSRC for those who send nothing (RFC 3550 section 6.4.2 wants one in reports); libwebrtc's is 1, too.
constexpr rtp::Ssrc kReceiver{1};
constexpr std::size_t kMostRtcp = 1200;
constexpr std::size_t kMostTrailer = srtp::rtcp_trailer_bytes(srtp::Profile::aead_aes_128_gcm);
constexpr std::size_t kMostPayload = 1500;

}  // namespace

AudienceCounters operator-(const AudienceCounters& after, const AudienceCounters& before) {
  AudienceCounters d = after;
  d.delivered -= before.delivered;
  d.settled -= before.settled;
  d.late -= before.late;
  d.duplicated -= before.duplicated;
  d.misdelivered -= before.misdelivered;
  d.malformed -= before.malformed;
  d.retransmitted -= before.retransmitted;
  d.verified -= before.verified;
  d.damaged -= before.damaged;
  d.rtcp -= before.rtcp;
  d.feedback -= before.feedback;
  return d;
}

Audience::Audience(srtp::Cipher& cipher, std::uint32_t viewers, std::size_t tag_bytes, std::size_t payload_bytes,
                   Send send)
    : cipher_(cipher),
      tag_bytes_(tag_bytes),
      payload_bytes_(payload_bytes),
      send_(std::move(send)),
      viewers_(viewers),
      arrivals_(viewers) {}

void Audience::take_rtp(std::uint32_t viewer, std::span<std::uint8_t> datagram, std::uint64_t now_ns) {
  const auto header = rtp::parse_header(datagram);
  if (!header || datagram.size() < header->header_bytes + tag_bytes_) {
    ++counters_.malformed;
    return;
  }
  const auto extensions =
      rtp::find_extensions(header->extension_profile, header->extension_of(datagram), load::media::video_extensions());
  rtp::TransportFeedbackRecorder& arrivals = arrivals_[viewer - 1];
  arrivals.on_packet({extensions.values.transport_sequence}, now_ns / 1000);
  const std::uint32_t ssrc = rtp::to_wire(header->ssrc);
  if (ssrc != Ssrcs::of_viewer(viewer)) {
    ++(ssrc == Ssrcs::rtx_of_viewer(viewer) ? counters_.retransmitted : counters_.misdelivered);
    return;
  }

  Viewer& v = viewers_[viewer - 1];
  if (v.received == 0) {
    v.first = header->sequence.value;
    v.window.note(v.first);
    ++watching_, ++counters_.delivered, ++counters_.settled, ++v.received;
    return;
  }
  const std::uint64_t next = v.window.next();
  const auto ahead = static_cast<std::int16_t>(static_cast<std::uint16_t>(header->sequence.value - next));
  const std::uint64_t index = next + static_cast<std::uint64_t>(static_cast<std::int64_t>(ahead));
  const auto verdict = v.window.note(index);
  if (verdict == load::SequenceWindow::Verdict::duplicate) {
    ++counters_.duplicated;
    return;
  }
  counters_.late += verdict == load::SequenceWindow::Verdict::late ? 1 : 0;
  counters_.settled += v.window.next() - next;
  ++counters_.delivered;
  if (++v.received % kVerifyOneOf == 0) verify(viewer, *header, index, datagram, now_ns);
  if (arrivals.urgent()) tell(viewer, false, now_ns);
}

void Audience::verify(std::uint32_t viewer, const rtp::Header& header, std::uint64_t index,
                      std::span<std::uint8_t> datagram, std::uint64_t now_ns) {
  std::array<std::uint8_t, kMostPayload> plain;
  const std::size_t bytes = datagram.size() - header.header_bytes - tag_bytes_;
  srtp::UnprotectJob job;
  job.context = Crowd::receive_context(viewer);
  job.header_size = header.header_bytes;
  job.packet_index = index;
  job.packet = datagram;
  job.out = std::span(plain).first(std::min(bytes, plain.size()));
  cipher_.unprotect({&job, 1});
  const bool whole = job.result == srtp::Result::ok && job.size == payload_bytes_;
  const auto stamp = whole ? load::media::read_stamped(job.out.subspan(Camera::kHeadBytes)) : std::nullopt;
  if (!stamp) {
    ++counters_.damaged;
    return;
  }
  ++counters_.verified;
  latency_.record(now_ns - stamp->sent_ns);
}

void Audience::take_rtcp(std::uint32_t viewer, std::span<std::uint8_t> datagram, std::uint64_t now_ns) {
  const auto plain = cipher_.unprotect_rtcp(Crowd::receive_context(viewer), datagram);
  if (plain.result != srtp::Result::ok) {
    ++counters_.damaged;
    return;
  }
  ++counters_.rtcp;
  const auto compound = rtp::RtcpCompound::parse(datagram.first(plain.size));
  if (!compound) return;
  for (const rtp::RtcpPacket packet : *compound) {
    const auto report = rtp::sender_report(packet);
    if (!report || rtp::to_wire(report->sender) != Ssrcs::of_viewer(viewer)) continue;
    viewers_[viewer - 1].sender_report = report->info.ntp.short_form();
    viewers_[viewer - 1].sender_report_ns = now_ns;
  }
}

/// RFC 3550 section 6.4.1, without jitter.
rtp::ReportBlock Audience::report(std::uint32_t viewer, std::uint64_t now_ns) {
  Viewer& v = viewers_[viewer - 1];
  const std::uint64_t expected = v.window.next() - v.first;
  const std::uint64_t lost = expected - std::min(expected, v.received);
  const std::uint64_t expected_now = expected - v.reported_expected;
  const std::uint64_t lost_now = expected_now - std::min(expected_now, v.received - v.reported_received);
  v.reported_expected = expected;
  v.reported_received = v.received;
  rtp::ReportBlock block;
  block.source = rtp::Ssrc{Ssrcs::of_viewer(viewer)};
  block.fraction_lost = static_cast<std::uint8_t>(expected_now == 0 ? 0 : lost_now * 255 / expected_now);
  block.cumulative_lost = static_cast<std::int32_t>(std::min<std::uint64_t>(lost, 0x7f'ffff));
  block.extended_highest = static_cast<std::uint32_t>(v.window.next() - 1);
  block.last_sender_report = v.sender_report;
  if (v.sender_report_ns != 0) block.delay = rtp::short_ntp_delay(now_ns - v.sender_report_ns);
  return block;
}

void Audience::tell(std::uint32_t viewer, bool with_report, std::uint64_t now_ns) {
  if (viewers_[viewer - 1].received == 0) return;
  const rtp::Ssrc media{Ssrcs::of_viewer(viewer)};
  std::array<std::uint8_t, kMostRtcp + kMostTrailer> buffer;
  rtp::RtcpWriter writer{std::span(buffer).first(kMostRtcp)};
  if (with_report) {
    const rtp::ReportBlock block = report(viewer, now_ns);
    writer.receiver_report(kReceiver, {&block, 1});
  }
  rtp::TransportFeedbackRecorder& arrivals = arrivals_[viewer - 1];
  while (arrivals.pending() && arrivals.append_to(writer, kReceiver, media)) {
  }
  if (writer.empty()) return;
  const auto secured = cipher_.protect_rtcp(Crowd::send_context(viewer), buffer, writer.size());
  if (secured.result != srtp::Result::ok) return;
  send_(viewer, std::span(buffer).first(secured.size));
  ++counters_.feedback;
}

}  // namespace penstock::frame_rooms
