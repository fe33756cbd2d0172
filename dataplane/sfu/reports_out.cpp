#include "dataplane/sfu/reports_out.h"

#include <array>
#include <optional>

#include "dataplane/sfu/fan_out.h"
#include "dataplane/sfu/rtcp_datagram.h"

namespace penstock::sfu {
namespace {

// RFC 3550 section 6.2 would have five seconds; browsers report every second, and lip sync waits for the first one.
constexpr std::uint64_t kReportNs = 1'000'000'000;
// A sender report and its CNAME.
constexpr std::size_t kSenderReportRoom = 28 + 8 + 32;

void show_reception(Core& core, StreamId id, const rtp::ReceiverStatistics& statistics) {
  EncodingStatus& status = core.board.tracks[track_of(id)].encodings[encoding_of(id)];
  const std::int64_t lost = statistics.cumulative_lost();
  status.lost.set(lost < 0 ? 0 : static_cast<std::uint64_t>(lost));
  status.jitter_us.set(statistics.jitter_us(core.tracks[track_of(id)].parameters.clock_rate));
}

// Reports of the streams that an endpoint publishes, gathered until a packet is full.
class ReceiverReports {
 public:
  ReceiverReports(Core& core, EndpointSlot slot) : core_(core), slot_(slot) {}
  ~ReceiverReports() { flush(); }

  void add(const rtp::ReportBlock& block) {
    blocks_[size_++] = block;
    if (size_ == blocks_.size()) flush();
  }

 private:
  void flush() {
    if (size_ == 0) return;
    RtcpDatagram datagram(core_, slot_, RtcpDatagram::Bare{});
    if (datagram && datagram.writer().receiver_report(datagram.sender(), std::span(blocks_).first(size_))) {
      datagram.writer().cname(datagram.sender(), core_.endpoints[slot_].cname.view());
      datagram.send();
    }
    size_ = 0;
  }

  Core& core_;
  EndpointSlot slot_;
  std::size_t size_ = 0;
  std::array<rtp::ReportBlock, rtp::RtcpWriter::kMostReportBlocks> blocks_;
};

void report_reception(Core& core, EndpointSlot slot) {
  ReceiverReports reports(core, slot);
  for (TrackSlot next = core.endpoints[slot].first_track; next != 0; next = core.tracks[next - 1].next) {
    for (std::uint32_t i = 0; i < core.tracks[next - 1].parameters.encoding_count * 2; ++i) {
      const StreamId id = stream_id(next - 1, i / 2, i % 2 == 1);
      Stream& stream = core.streams[id];
      if (!stream.known || !stream.statistics.valid()) continue;
      reports.add(stream.statistics.report(rtp::Ssrc{stream.ssrc}, core.now_us()));
      if (!is_retransmission(id)) show_reception(core, id, stream.statistics);
    }
  }
}

rtp::SenderInfo info_of(Core& core, const Subscription& subscription) {
  const Track& track = core.tracks[subscription.parameters.track];
  const PublisherClock& clock = track.is_mirror() ? track.publisher_clock : core.clocks[track.parameters.endpoint];
  return sender_info(subscription.forwarder, source_of(track), clock, subscription.counts, core.ntp_now(),
                     core.now_ns());
}

void report_sending(Core& core, EndpointSlot slot) {
  std::optional<RtcpDatagram> datagram;
  const auto finish = [&] {
    if (datagram && *datagram && !datagram->writer().empty()) datagram->send();
    datagram.reset();
  };
  for (auto next = core.endpoints[slot].first_subscription; next != 0;) {
    Subscription& subscription = core.subscriptions[next - 1];
    next = subscription.next_of_endpoint;
    if (subscription.parameters.track == kNoSlot || !subscription.forwarder.timestamps().entered()) continue;
    if (!subscription.sent_since_report) continue;  // paused, or silent
    if (datagram && datagram->writer().room() < kSenderReportRoom) finish();
    if (!datagram) datagram.emplace(core, slot, RtcpDatagram::Bare{});
    if (!*datagram) return;
    const rtp::Ssrc ssrc{subscription.parameters.ssrc};
    datagram->writer().sender_report(ssrc, info_of(core, subscription));
    datagram->writer().cname(ssrc, core.endpoints[slot].cname.view());
    subscription.sent_since_report = false;
  }
  finish();
}

}  // namespace

void send_reports(Core& core, EndpointSlot slot) {
  Endpoint& endpoint = core.endpoints[slot];
  if (core.now_ns() < endpoint.next_reports_ns) return;
  endpoint.next_reports_ns = core.now_ns() + kReportNs;
  report_reception(core, slot);
  report_sending(core, slot);
}

}  // namespace penstock::sfu
