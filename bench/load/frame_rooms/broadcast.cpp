#include "bench/load/frame_rooms/broadcast.h"

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_prefetch.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "bench/load/turn/clock.h"
#include "dataplane/rtp/rtcp_feedback.h"
#include "dataplane/rtp/rtcp_writer.h"
#include "dataplane/stun/demultiplex.h"

namespace penstock::frame_rooms {
namespace {

constexpr double kGraceS = 0.3;
constexpr double kGatherS = 20;
constexpr double kGatherEveryS = 0.02;
/// With nothing settled for so long, what is on its way is lost. Longer than most pauses of the other end.
constexpr double kStallS = 0.05;
constexpr unsigned kReportRounds = 10;  // of duties between two reports: a second
constexpr unsigned kDutiesPerTurn = 16;
constexpr std::size_t kLookAhead = 8;

}  // namespace

BroadcastCounters operator-(const BroadcastCounters& after, const BroadcastCounters& before) {
  BroadcastCounters d = after;
  d.published -= before.published;
  d.refused -= before.refused;
  d.foreign -= before.foreign;
  d.unsound -= before.unsound;
  d.key_frame_requests -= before.key_frame_requests;
  d.receives -= before.receives;
  d.frames -= before.frames;
  d.busy_cycles -= before.busy_cycles;
  d.cycles -= before.cycles;
  d.audience = after.audience - before.audience;
  return d;
}

Broadcast::Broadcast(Wire& wire, frames::Gateway& gateway, Crowd& crowd, srtp::Cipher& cipher,
                     const CameraOptions& camera, const Plan& plan)
    : wire_(wire),
      gateway_(gateway),
      crowd_(crowd),
      cipher_(cipher),
      plan_(plan),
      hz_(static_cast<double>(rte_get_tsc_hz())),
      camera_(cipher, Crowd::send_context(0), srtp::tag_bytes(crowd.profile_of(0)), camera,
              {wire.header(), wire.endpoint_of(0), crowd.remote_of(0)}),
      audience_(
          cipher, crowd.size() - 1, srtp::tag_bytes(crowd.profile_of(0)), camera.payload_bytes,
          [this](std::uint32_t viewer, std::span<const std::uint8_t> datagram) { crowd_.send(viewer, datagram); }),
      start_(rte_rdtsc()),
      pacer_(std::max(plan.rate_pps, 1.0) / plan.burst, std::max(kBurst / plan.burst, 1U), 0) {}

tl::expected<BroadcastResult, std::string> Broadcast::run() {
  if (auto watching = gather(); !watching) return tl::unexpected(watching.error());
  const auto as_planned = [this](std::uint64_t now) { return publish_by_plan(now); };
  const auto nothing = [](std::uint64_t) { return 0U; };
  BroadcastResult result;
  run_until(rte_rdtsc() + cycles_of(kGraceS), nothing);
  const BroadcastCounters gathered = counters();
  start_ = last_progress_ = rte_rdtsc();
  settled_before_ = audience_.counters().settled;
  duties_ = 0;
  run_until(start_ + cycles_of(plan_.warmup_s), as_planned);

  const BroadcastCounters before = counters();
  audience_.latency().clear();
  measuring_.store(true, std::memory_order_release);
  std::fputs("frame_rooms: measuring\n", stderr);  // for those who watch the other end
  const std::uint64_t begin = rte_rdtsc();
  run_until(begin + cycles_of(plan_.duration_s), as_planned);
  result.seconds = static_cast<double>(ns(rte_rdtsc() - begin)) / 1e9;
  measuring_.store(false, std::memory_order_release);
  result.interval = counters() - before;
  result.latency = audience_.latency();
  run_until(rte_rdtsc() + cycles_of(kGraceS), nothing);
  result.total = counters() - gathered;
  result.key_frames = camera_.key_frames();
  return result;
}

/// A few packets at a time until everybody has got one: viewers begin with a key frame.
tl::expected<void, std::string> Broadcast::gather() {
  const std::uint32_t viewers = crowd_.size() - 1;
  const std::uint64_t deadline = rte_rdtsc() + cycles_of(kGatherS);
  while (audience_.watching() < viewers) {
    const std::uint64_t now = rte_rdtsc();
    if (now > deadline) {
      return tl::unexpected(fmt::format("only {} of {} viewers got to see anything", audience_.watching(), viewers));
    }
    publish(plan_.burst);
    run_until(now + cycles_of(kGatherEveryS), [](std::uint64_t) { return 0U; });
  }
  return {};
}

template <class Publish>
void Broadcast::run_until(std::uint64_t end_cycles, Publish publish) {
  for (std::uint64_t now = rte_rdtsc(); now < end_cycles;) {
    unsigned moved = receive();
    moved += publish(rte_rdtsc());
    moved += do_duties(now);
    const std::uint64_t after = rte_rdtsc();
    counters_.cycles += after - now;
    if (moved > 0) counters_.busy_cycles += after - now;
    now = after;
  }
}

std::uint64_t Broadcast::allowance(std::uint64_t now) {
  if (plan_.rate_pps > 0) return pacer_.allowance(ns(now - start_)) * plan_.burst;
  const std::uint64_t settled = audience_.counters().settled;
  if (settled != settled_before_) {
    unsettled_ -= std::min(unsettled_, settled - settled_before_);
    settled_before_ = settled;
    last_progress_ = now;
  } else if (now - last_progress_ > cycles_of(kStallS)) {
    unsettled_ = 0;
    last_progress_ = now;
  }
  if (unsettled_ >= plan_.window) return 0;
  const std::uint64_t viewers = crowd_.size() - 1;
  return std::max<std::uint64_t>((plan_.window - unsettled_) / viewers / plan_.burst, 1) * plan_.burst;
}

unsigned Broadcast::publish_by_plan(std::uint64_t now) {
  const auto wanted = static_cast<unsigned>(std::min<std::uint64_t>(allowance(now), kBurst));
  if (wanted == 0) return 0;
  const unsigned sent = publish(wanted);
  if (plan_.rate_pps > 0) pacer_.on_sent(wanted / plan_.burst);
  unsettled_ += std::uint64_t{sent} * (crowd_.size() - 1);
  return wanted;
}

unsigned Broadcast::publish(unsigned packets) {
  std::array<net::Packet*, kBurst> burst;
  const auto out = std::span(burst).first(std::min(packets, kBurst));
  if (!wire_.link().allocate(out)) return 0;
  camera_.write(out, load::now_ns());
  const unsigned taken = wire_.link().send(out);
  counters_.published += taken;
  counters_.refused += out.size() - taken;
  return taken;
}

unsigned Broadcast::receive() {
  std::array<net::Packet*, kBurst> packets;
  const unsigned n = wire_.link().receive(packets);
  if (n == 0) return 0;
  ++counters_.receives;
  counters_.frames += n;
  const std::uint64_t now_ns = load::now_ns();
  if (!is_sound(net::payload(packets[0]))) ++counters_.unsound;
  for (unsigned i = 0; i < n; ++i) {
    if (i + kLookAhead < n) rte_prefetch0(rte_pktmbuf_mtod(packets[i + kLookAhead], void*));
    const auto frame = net::payload(packets[i]);
    if (const auto arrival = wire_.read(frame)) {
      take(*arrival, now_ns);
    } else {
      other(frame);
    }
  }
  rte_pktmbuf_free_bulk(packets.data(), n);
  return n;
}

void Broadcast::take(const Arrival& arrival, std::uint64_t now_ns) {
  if (stun::classify(arrival.datagram) != stun::PacketKind::rtp) {
    return crowd_.receive(arrival.participant, arrival.datagram, now_ns);
  }
  const bool rtcp = rtp::is_rtcp(arrival.datagram);
  if (arrival.participant == 0) {
    if (rtcp) take_publisher_rtcp(arrival.datagram, now_ns);
  } else if (rtcp) {
    audience_.take_rtcp(arrival.participant, arrival.datagram, now_ns);
  } else {
    audience_.take_rtp(arrival.participant, arrival.datagram, now_ns);
  }
}

void Broadcast::take_publisher_rtcp(std::span<std::uint8_t> datagram, std::uint64_t now_ns) {
  const auto plain = cipher_.unprotect_rtcp(Crowd::receive_context(0), datagram);
  if (plain.result != srtp::Result::ok) return;
  const auto compound = rtp::RtcpCompound::parse(datagram.first(plain.size));
  if (!compound) return;
  for (const rtp::RtcpPacket packet : *compound) {
    if (!rtp::picture_loss(packet) && !rtp::full_intra_request(packet)) continue;
    ++counters_.key_frame_requests;
    camera_.request_key_frame(now_ns);
  }
}

void Broadcast::other(std::span<const std::uint8_t> frame) {
  if (const auto answer = gateway_.input(frame)) {
    (void)wire_.link().send_copy(*answer);
  } else {
    ++counters_.foreign;
  }
}

/// Consent, feedback and reports: each participant once per interval, evenly spread over it.
unsigned Broadcast::do_duties(std::uint64_t now) {
  const double rounds = static_cast<double>(now - start_) / static_cast<double>(cycles_of(plan_.interval_s));
  const auto due = static_cast<std::uint64_t>(rounds * crowd_.size());
  const std::uint64_t some = std::min<std::uint64_t>(due > duties_ ? due - duties_ : 0, kDutiesPerTurn);
  if (some == 0) return 0;
  const std::uint64_t now_ns = load::now_ns();
  for (std::uint64_t i = 0; i < some; ++i, ++duties_) {
    const auto participant = static_cast<std::uint32_t>(duties_ % crowd_.size());
    const std::uint64_t round = duties_ / crowd_.size();
    const bool with_report = (round + participant) % kReportRounds == 0;
    crowd_.poll(participant, now_ns);
    if (participant != 0) {
      audience_.tell(participant, with_report, now_ns);
    } else if (with_report) {
      send_sender_report(now_ns);
    }
  }
  return static_cast<unsigned>(some);
}

void Broadcast::send_sender_report(std::uint64_t now_ns) {
  std::array<std::uint8_t, 256> buffer;
  rtp::RtcpWriter writer{std::span(buffer).first(buffer.size() / 2)};
  writer.sender_report(rtp::Ssrc{Ssrcs::kPublished}, camera_.sender_info(now_ns));
  writer.cname(rtp::Ssrc{Ssrcs::kPublished}, "frame-rooms");
  const auto secured = cipher_.protect_rtcp(Crowd::send_context(0), buffer, writer.size());
  if (secured.result == srtp::Result::ok) crowd_.send(0, std::span(buffer).first(secured.size));
}

BroadcastCounters Broadcast::counters() const {
  BroadcastCounters all = counters_;
  all.audience = audience_.counters();
  return all;
}

}  // namespace penstock::frame_rooms
