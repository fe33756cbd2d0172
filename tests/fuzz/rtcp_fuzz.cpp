// Any bytes as an RTCP compound: every reader on every packet, what was read written again and compared, and transport
// feedback given to a send history.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "dataplane/rtp/rtcp_transport_feedback.h"
#include "dataplane/rtp/rtcp_writer.h"
#include "dataplane/rtp/send_history.h"
#include "tests/fuzz/require.h"

namespace penstock::rtp {
namespace {

std::array<std::uint8_t, 70'000> buffer;

bool inside(Bytes part, Bytes whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

/// What `write` writes, read as the one packet of a compound. Nothing if it does not fit a datagram.
template <class Write>
std::optional<RtcpPacket> rewritten(Write write) {
  RtcpWriter writer(buffer);
  if (!write(writer)) return std::nullopt;
  const auto compound = RtcpCompound::parse(Bytes(buffer).first(writer.size()));
  REQUIRE(compound);
  return *compound->begin();
}

std::vector<ReportBlock> list_of(const Records<ReportBlock>& blocks) {
  return {blocks.begin(), blocks.end()};
}

void walk_reports(const RtcpPacket& packet) {
  if (const auto report = sender_report(packet)) {
    const auto blocks = list_of(report->blocks);
    REQUIRE(blocks.size() == packet.format);
    const auto copy = rewritten([&](RtcpWriter& w) { return w.sender_report(report->sender, report->info, blocks); });
    const auto again = sender_report(*copy);
    REQUIRE(again && again->sender == report->sender && again->info == report->info);
    REQUIRE(list_of(again->blocks) == blocks);
    for (const ReportBlock& block : blocks) round_trip_us(block, report->info.ntp);
  }
  if (const auto report = receiver_report(packet)) {
    const auto blocks = list_of(report->blocks);
    const auto copy = rewritten([&](RtcpWriter& w) { return w.receiver_report(report->sender, blocks); });
    REQUIRE(list_of(receiver_report(*copy)->blocks) == blocks);
  }
}

void walk_descriptions(const RtcpPacket& packet) {
  Descriptions chunks(packet);
  std::size_t count = 0;
  for (; const auto description = chunks.next(); ++count) {
    if (description->cname.empty()) continue;
    REQUIRE(inside({reinterpret_cast<const std::uint8_t*>(description->cname.data()), description->cname.size()},
                   packet.body));
    const auto copy = rewritten([&](RtcpWriter& w) { return w.cname(description->source, description->cname); });
    const auto again = Descriptions(*copy).next();
    REQUIRE(again && again->source == description->source && again->cname == description->cname);
  }
  REQUIRE(count <= packet.format);
  if (const auto sources = goodbye(packet)) {
    const std::vector<Ssrc> list(sources->begin(), sources->end());
    const auto copy = rewritten([&](RtcpWriter& w) { return w.goodbye(list); });
    REQUIRE(copy || list.empty());
    if (copy) REQUIRE(std::ranges::equal(std::vector<Ssrc>(goodbye(*copy)->begin(), goodbye(*copy)->end()), list));
  }
}

void walk_nack(const RtcpPacket& packet) {
  const auto message = nack(packet);
  if (!message) return;
  std::vector<SequenceNumber> lost;
  message->for_each([&](SequenceNumber sequence) { lost.push_back(sequence); });
  REQUIRE(lost.size() >= message->items.size() && lost.size() <= message->items.size() * 17);
  // Any order and repetition is written, perhaps in more items; what was taken reads back, as a set.
  RtcpWriter writer(buffer);
  const std::size_t taken = writer.nack(message->sender, message->media, lost);
  const auto compound = RtcpCompound::parse(Bytes(buffer).first(writer.size()));
  REQUIRE(taken > 0 && compound);
  std::set<std::uint16_t> asked, again;
  for (const SequenceNumber sequence : std::span(lost).first(taken)) asked.insert(sequence.value);
  nack(*compound->begin())->for_each([&](SequenceNumber sequence) { again.insert(sequence.value); });
  REQUIRE(asked == again);
}

void walk_requests(const RtcpPacket& packet) {
  if (const auto message = picture_loss(packet)) {
    const auto copy = rewritten([&](RtcpWriter& w) { return w.picture_loss(message->sender, message->media); });
    REQUIRE(picture_loss(*copy)->media == message->media);
  }
  if (const auto message = full_intra_request(packet)) {
    const std::vector<FullIntraItem> items(message->items.begin(), message->items.end());
    const auto copy = rewritten([&](RtcpWriter& w) { return w.full_intra_request(message->sender, items); });
    if (copy) REQUIRE(full_intra_request(*copy)->items.size() == items.size());
  }
  if (const auto message = maximum_bitrate(packet)) {
    const std::vector<Ssrc> media(message->media.begin(), message->media.end());
    const auto copy =
        rewritten([&](RtcpWriter& w) { return w.maximum_bitrate(message->sender, message->bitrate_bps, media); });
    const auto again = maximum_bitrate(*copy);
    REQUIRE(again && again->media.size() == media.size());
    // 18 bits of mantissa read are 18 bits written; only what saturated is rounded.
    REQUIRE(again->bitrate_bps == message->bitrate_bps || message->bitrate_bps == UINT64_MAX);
  }
}

void walk_transport_feedback(const RtcpPacket& packet, SendHistory& history) {
  const auto message = transport_feedback(packet);
  if (!message) return;
  REQUIRE(inside(message->chunks, packet.body) && message->delta_offset <= message->chunks.size());
  std::uint32_t arrived = 0;
  int last = -1;
  auto arrivals = message->arrivals();
  while (const auto arrival = arrivals.next()) {
    const int place = static_cast<std::uint16_t>(arrival->sequence.distance_from(message->base));
    REQUIRE(place > last && place < message->status_count);
    last = place;
    ++arrived;
  }
  REQUIRE(arrived <= message->chunks.size() - message->delta_offset);
  std::uint32_t heard = 0;
  const FeedbackSummary summary = history.on_feedback(*message, 1'000'000, [&](const Acknowledged&) { ++heard; });
  REQUIRE(summary.acknowledged == heard && heard <= arrived && summary.recovered <= heard);
  REQUIRE(history.acknowledged() + history.lost() <= history.sent());
  REQUIRE(history.bytes_in_flight() <= SendHistory::kPackets * 100);
}

void walk(Bytes datagram) {
  const auto compound = RtcpCompound::parse(datagram);
  if (!compound) return;
  const auto history = std::make_unique<SendHistory>();
  for (int i = 0; i < 3000; ++i) history->on_sent(static_cast<std::uint64_t>(i), 100, 0);
  for (const RtcpPacket packet : *compound) {
    REQUIRE(inside(packet.body, datagram));
    walk_reports(packet);
    walk_descriptions(packet);
    walk_nack(packet);
    walk_requests(packet);
    walk_transport_feedback(packet, *history);
  }
}

}  // namespace
}  // namespace penstock::rtp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  penstock::rtp::walk({data, size});
  return 0;
}
