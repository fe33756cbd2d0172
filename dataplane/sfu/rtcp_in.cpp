#include "dataplane/sfu/rtcp_in.h"

#include <algorithm>

#include "dataplane/rtp/rtcp.h"
#include "dataplane/rtp/rtcp_feedback.h"
#include "dataplane/rtp/rtcp_reports.h"
#include "dataplane/rtp/rtcp_transport_feedback.h"
#include "dataplane/sfu/activity.h"
#include "dataplane/sfu/connectivity.h"
#include "dataplane/sfu/key_frames.h"
#include "dataplane/sfu/mirror.h"
#include "dataplane/sfu/reports_in.h"
#include "dataplane/sfu/retransmit.h"

namespace penstock::sfu {
namespace {

// SRTCP's replay window is per sending SSRC (RFC 3711 section 3.3.2). A client has few; when one brings more, the one
// that was silent for longest makes room.
bool is_fresh(Core& core, Endpoint& endpoint, std::uint32_t ssrc, std::uint32_t index) {
  auto& sources = endpoint.rtcp_sources;
  auto at = std::ranges::find_if(sources, [&](const RtcpSource& s) { return s.last_ns != 0 && s.ssrc == ssrc; });
  if (at == sources.end()) {
    at = std::ranges::min_element(sources, {}, &RtcpSource::last_ns);
    *at = {.ssrc = ssrc, .last_ns = 0, .window = {}};
  } else if (at->window.check(index) != srtp::Replay::fresh) {
    return false;
  }
  at->last_ns = core.now_ns();
  at->window.accept(index);
  return true;
}

// Decrypts in place; nothing when it is forged, replayed or garbage, with the reason in `why`.
rtp::Bytes open(Core& core, EndpointSlot slot, std::span<std::uint8_t> datagram, net::Drop& why) {
  Endpoint& endpoint = core.endpoints[slot];
  const auto opened = core.cipher->unprotect_rtcp(receive_context(slot), datagram);
  if (opened.result != srtp::Result::ok) {
    core.stats.srtcp_forged.add();
    core.board.endpoints[slot].authentication_failures.add();
    why = opened.result == srtp::Result::malformed ? net::Drop::malformed_rtcp : net::Drop::srtp_forged;
    return {};
  }
  why = net::Drop::malformed_rtcp;
  if (opened.size < 8) return {};
  if (!is_fresh(core, endpoint, net::load_be32(&datagram[4]), opened.index)) {
    core.stats.srtcp_replayed.add();
    core.board.endpoints[slot].replays.add();
    why = net::Drop::srtp_replayed;
    return {};
  }
  return datagram.first(opened.size);
}

void take_sender_report(Core& core, EndpointSlot slot, const rtp::SenderReport& report) {
  const StreamId id = core.stream_of.find(key_of(slot, rtp::to_wire(report.sender)));
  if (id == KeyTable::kNone) return;
  core.streams[id].statistics.on_sender_report(report.info.ntp, core.now_us());
  core.clocks[slot].on_sender_report(report.info.ntp, core.now_ns());
  if (is_retransmission(id)) return;
  core.tracks[track_of(id)].encodings[encoding_of(id)].clock.on_sender_report(report.info);
  share_clocks(core, track_of(id), encoding_of(id));
}

void take_blocks(Core& core, EndpointSlot slot, const rtp::Records<rtp::ReportBlock>& blocks) {
  for (const rtp::ReportBlock block : blocks) {
    const auto at = core.subscription_of.find(key_of(slot, rtp::to_wire(block.source)));
    if (at != KeyTable::kNone) take_report_block(core, at, block);
  }
}

// A key frame costs all receivers of the track. Who asks for one again and again is heeded less and less often.
bool may_wish(Core& core, Subscription& subscription) {
  constexpr std::uint64_t kPauseNs = 300'000'000, kLongestPauseNs = 4'000'000'000;
  const std::uint64_t now = core.now_ns();
  if (now < subscription.next_wish_ns) return false;
  const bool again = now < subscription.next_wish_ns + subscription.wish_pause_ns;
  subscription.wish_pause_ns = again ? std::min(2 * subscription.wish_pause_ns, kLongestPauseNs) : kPauseNs;
  subscription.next_wish_ns = now + subscription.wish_pause_ns;
  return true;
}

void want_picture(Core& core, EndpointSlot slot, rtp::Ssrc media) {
  const auto at = core.subscription_of.find(key_of(slot, rtp::to_wire(media)));
  if (at == KeyTable::kNone) return;
  core.board.subscriptions[at].plis.add();
  Subscription& subscription = core.subscriptions[at];
  const std::uint8_t current = subscription.forwarder.layers().current();
  if (subscription.parameters.track != kNoSlot && current != LayerSelector::kNone && may_wish(core, subscription)) {
    want_key_frame(core, subscription.parameters.track, current, subscription.receiver.rtt_ns());
  }
}

// Nobody sends longer ones: they would be fragments.
constexpr std::size_t kMostBytes = 2000;
// Requests of one FIR that are heeded.
constexpr std::size_t kMostFullIntraItems = 16;

// Units of Work: decrypting a datagram, walking so many bytes of it, every packet in it, every number asked for, every
// packet sent again. Statuses of transport feedback are bits: its bytes take twice as long.
constexpr int kDatagramUnits = 12;
constexpr int kBytesPerUnit = 8;
constexpr int kPacketUnits = 1;
constexpr int kResendUnits = 3;
// Of one endpoint, in so much time: half of what a pass has. A viewer of fifty tracks in trouble needs a quarter of it.
constexpr int kEndpointUnits = kRtcpUnitsPerPass / 2;
constexpr std::uint64_t kNsPerUnit = 20'000'000 / kEndpointUnits;

int units_of(std::size_t bytes) {
  return static_cast<int>(bytes) / kBytesPerUnit;
}

void spend(Core& core, EndpointSlot slot, int units) {
  core.rtcp_work.spend(units);
  core.endpoints[slot].rtcp_allowance.spent += units;
}

// Time pays back what was spent, and no more.
void repay(RtcpAllowance& allowance, std::uint64_t now_ns) {
  const std::uint64_t units = (now_ns - allowance.repaid_ns) / kNsPerUnit;
  if (units >= static_cast<std::uint64_t>(allowance.spent)) {
    allowance = {now_ns, 0};
  } else {
    allowance.spent -= static_cast<int>(units);
    allowance.repaid_ns += units * kNsPerUnit;
  }
}

// Whether there is still time for an endpoint's feedback. One cannot use up what others need.
bool may_cost(Core& core, EndpointSlot slot) {
  RtcpAllowance& allowance = core.endpoints[slot].rtcp_allowance;
  repay(allowance, core.now_ns());
  return !core.rtcp_work.spent() && allowance.spent < kEndpointUnits;
}

void take_nack(Core& core, EndpointSlot slot, const rtp::Nack& nack) {
  const auto at = core.subscription_of.find(key_of(slot, rtp::to_wire(nack.media)));
  if (at == KeyTable::kNone) return;
  const std::uint64_t asked = core.stats.nacks_received.get(), resent = core.stats.retransmitted.get();
  retransmit(core, at, nack);
  spend(core, slot, static_cast<int>(core.stats.nacks_received.get() - asked));
  spend(core, slot, kResendUnits * static_cast<int>(core.stats.retransmitted.get() - resent));
}

void take_full_intra_request(Core& core, EndpointSlot slot, const rtp::FullIntraRequest& request) {
  core.stats.firs_received.add();
  const std::size_t heeded = std::min(request.items.size(), kMostFullIntraItems);
  for (std::size_t i = 0; i < heeded; ++i) want_picture(core, slot, request.items[i].media);
  spend(core, slot, static_cast<int>(heeded));
}

void take_goodbye(Core& core, EndpointSlot slot, const rtp::Records<rtp::SsrcRecord>& sources) {
  for (const rtp::Ssrc ssrc : sources) {
    const StreamId id = core.stream_of.find(key_of(slot, rtp::to_wire(ssrc)));
    if (id != KeyTable::kNone && !is_retransmission(id)) set_inactive(core, track_of(id), encoding_of(id));
  }
}

void take_packet(Core& core, EndpointSlot slot, const rtp::RtcpPacket& packet) {
  if (const auto report = rtp::sender_report(packet)) {
    take_sender_report(core, slot, *report);
    take_blocks(core, slot, report->blocks);
  } else if (const auto receiver = rtp::receiver_report(packet)) {
    take_blocks(core, slot, receiver->blocks);
  } else if (const auto nack = rtp::nack(packet)) {
    take_nack(core, slot, *nack);
  } else if (const auto feedback = rtp::transport_feedback(packet)) {
    core.stats.transport_feedback_received.add();
    spend(core, slot, units_of(packet.body.size()));
    core.histories[slot].on_feedback(*feedback, core.now_us(), [](const rtp::Acknowledged&) {});
  } else if (const auto loss = rtp::picture_loss(packet)) {
    core.stats.plis_received.add();
    want_picture(core, slot, loss->media);
  } else if (const auto intra = rtp::full_intra_request(packet)) {
    take_full_intra_request(core, slot, *intra);
  } else if (const auto left = rtp::goodbye(packet)) {
    take_goodbye(core, slot, *left);
  }
}

}  // namespace

void take_rtcp(Core& core, net::Packet* p) {
  const EndpointSlot slot = core.shard.flows()[net::info(p).flow].index;  // current: see take_checked()
  if (!core.endpoints[slot].secured) return core.shard.drop(p, net::Drop::media_without_keys);
  if (p->data_len > kMostBytes) return core.shard.drop(p, net::Drop::malformed_rtcp);
  if (!may_cost(core, slot)) return core.shard.drop(p, net::Drop::rtcp_overload);
  const int units = kDatagramUnits + units_of(p->data_len);
  core.rtcp_work.spend(units);
  net::Drop why{};
  const rtp::Bytes plain = open(core, slot, net::payload(p), why);
  if (plain.empty()) return core.shard.drop(p, why);
  core.endpoints[slot].rtcp_allowance.spent += units;  // not for what others forge or repeat in its name
  const auto compound = rtp::RtcpCompound::parse(plain);
  if (!compound) return core.shard.drop(p, net::Drop::malformed_rtcp);
  core.stats.rtcp_received.add();
  EndpointStatus& status = core.board.endpoints[slot];
  status.received_packets.add();
  status.received_bytes.add(p->data_len);
  heard(core, slot, net::info(p).flow);
  for (const rtp::RtcpPacket packet : *compound) {
    if (!may_cost(core, slot)) break;  // the rest of a very long one
    spend(core, slot, kPacketUnits);
    take_packet(core, slot, packet);
  }
  core.shard.consume(p);
}

}  // namespace penstock::sfu
