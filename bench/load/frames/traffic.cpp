#include "bench/load/frames/traffic.h"

#include <rte_cycles.h>
#include <rte_prefetch.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "dataplane/net/checksum.h"
#include "dataplane/net/frame.h"
#include "dataplane/stun/bytes.h"

namespace penstock::frames {
namespace {

using Verdict = load::SequenceWindow::Verdict;

constexpr std::size_t kUdpChecksumOffset = 40;
constexpr double kGraceS = 0.3;
// Flat out, whole bursts leave, so that the other end never polls a few packets at a time; but nothing waits longer.
// And after a burst that the device had no room for, it is given as much time.
constexpr std::uint64_t kLongestWaitNs = 20'000;
// With a full window and no arrival for so long, what is in flight is lost. Longer than any pause of the other end.
constexpr std::uint64_t kStallNs = 100'000'000;
constexpr std::size_t kLookAhead = 8;

TrafficCounters difference(const TrafficCounters& a, const TrafficCounters& b) {
  TrafficCounters d = a;
  for (std::size_t i = 0; i < 2; ++i) d.sent[i] -= b.sent[i], d.delivered[i] -= b.delivered[i];
  d.refused -= b.refused;
  d.reordered -= b.reordered;
  d.duplicated -= b.duplicated;
  d.misdelivered -= b.misdelivered;
  d.damaged -= b.damaged;
  d.foreign -= b.foreign;
  d.receives -= b.receives;
  d.busy_cycles -= b.busy_cycles;
  d.cycles -= b.cycles;
  return d;
}

}  // namespace

Traffic::Traffic(Link& link, Gateway& gateway, const Lanes& lanes, const TrafficPlan& plan)
    : link_(link),
      gateway_(gateway),
      lanes_(lanes),
      plan_(plan),
      order_(lanes.shuffled()),
      ns_per_cycle_(1e9 / static_cast<double>(rte_get_tsc_hz())),
      start_(rte_rdtsc()),
      pacer_(std::max(plan.rate_pps, 1.0), kBurst, 0) {}

TrafficResult Traffic::run() {
  const auto cycles_of = [this](double seconds) { return static_cast<std::uint64_t>(seconds * 1e9 / ns_per_cycle_); };
  start_ = rte_rdtsc();
  run_until(start_ + cycles_of(plan_.warmup_s), true);
  TrafficResult result;
  const TrafficCounters before = counters_;
  recording_ = true;
  measuring_.store(true, std::memory_order_release);
  std::fputs("frame_load: measuring\n", stderr);  // for those who watch the other end
  const std::uint64_t begin = rte_rdtsc();
  run_until(begin + cycles_of(plan_.duration_s), true);
  result.seconds = static_cast<double>(ns(rte_rdtsc() - begin)) / 1e9;
  measuring_.store(false, std::memory_order_release);
  recording_ = false;
  result.interval = difference(counters_, before);
  run_until(rte_rdtsc() + cycles_of(kGraceS), false);
  result.total = counters_;
  result.latency = latency_;
  return result;
}

void Traffic::run_until(std::uint64_t end_cycles, bool sending) {
  for (std::uint64_t now = rte_rdtsc(); now < end_cycles;) {
    unsigned moved = receive();
    if (sending) moved += send(rte_rdtsc());
    const std::uint64_t after = rte_rdtsc();
    counters_.cycles += after - now;
    if (moved > 0) counters_.busy_cycles += after - now;
    now = after;
  }
}

std::uint64_t Traffic::allowance(std::uint64_t now) {
  if (plan_.rate_pps > 0) return pacer_.allowance(ns(now - start_));
  const std::uint64_t allowed = room_in_window(now);
  return (allowed < kBurst || link_full_) && ns(now - last_send_) < kLongestWaitNs ? 0 : allowed;
}

// On a link that keeps order an arrival settles everything sent before it.
std::uint64_t Traffic::room_in_window(std::uint64_t now) {
  if (sequence_ - settled_ < plan_.window) return plan_.window - (sequence_ - settled_);
  if (ns(now - std::max(last_arrival_, last_send_)) < kStallNs) return 0;
  settled_ = sequence_;
  return plan_.window;
}

unsigned Traffic::send(std::uint64_t now) {
  const auto n = static_cast<unsigned>(std::min<std::uint64_t>(allowance(now), kBurst));
  std::array<net::Packet*, kBurst> packets;
  if (n == 0 || !link_.allocate(std::span(packets).first(n))) return 0;
  std::array<std::uint32_t, kBurst> lanes;
  for (unsigned i = 0; i < n; ++i) {
    lanes[i] = order_[next_];
    next_ = next_ + 1 == order_.size() ? 0 : next_ + 1;
    rte_prefetch0(&lanes_[lanes[i]]);
  }
  for (unsigned i = 0; i < n; ++i) {
    write(packets[i], lanes_[lanes[i]], {now, static_cast<std::uint32_t>(sequence_ + i), lanes[i]});
  }
  const unsigned taken = link_.send(std::span(packets).first(n));
  for (unsigned i = 0; i < taken; ++i) ++counters_.sent[lanes_.to_peer(lanes[i]) ? 0 : 1];
  sequence_ += taken;
  counters_.refused += n - taken;
  link_full_ = taken < n;
  if (plan_.rate_pps > 0) pacer_.on_sent(n);
  last_send_ = now;
  return n;
}

// The packet is full of kFiller but for its beginning, which may be that of a lane with another head: four bytes behind
// the stamp are made filler again.
void Traffic::write(net::Packet* p, const Lane& lane, const Stamp& stamp) const {
  std::uint8_t* frame = rte_pktmbuf_mtod(p, std::uint8_t*);
  std::memcpy(frame, lane.head.data(), kChannelHead);
  std::memcpy(frame + lane.head_size, &stamp, sizeof stamp);
  std::memset(frame + lane.head_size + sizeof stamp, kFiller, kChannelHead - kPlainHead);
  std::array<std::uint8_t, sizeof stamp> bytes;
  std::memcpy(bytes.data(), &stamp, sizeof stamp);
  const std::uint16_t checksum = net::udp_complement(net::ones_sum(bytes, lane.sum));
  std::memcpy(frame + kUdpChecksumOffset, &checksum, sizeof checksum);
  p->data_len = static_cast<std::uint16_t>(lane.head_size + lanes_.payload_bytes());
  p->pkt_len = p->data_len;
}

unsigned Traffic::receive() {
  std::array<net::Packet*, kBurst> packets;
  const unsigned n = link_.receive(packets);
  if (n == 0) return 0;
  const std::uint64_t now = rte_rdtsc();
  ++counters_.receives;
  for (unsigned i = 0; i < n; ++i) {
    if (i + kLookAhead < n) rte_prefetch0(rte_pktmbuf_mtod(packets[i + kLookAhead], void*));
    arrived(packets[i], now);
  }
  // One of each burst, whole: addresses and content are compared anyway, checksums are not.
  if (!is_sound(packets[0])) ++counters_.damaged;
  rte_pktmbuf_free_bulk(packets.data(), n);
  return n;
}

bool Traffic::is_sound(const net::Packet* p) const {
  const auto bytes = net::payload(p);
  const net::Frame frame = net::parse_frame(bytes);
  if (frame.kind == net::FrameKind::malformed) return false;
  return frame.kind != net::FrameKind::datagram || net::verified_payload_sum(bytes, frame).has_value();
}

void Traffic::arrived(const net::Packet* p, std::uint64_t now) {
  const std::size_t head = p->pkt_len - lanes_.payload_bytes();
  if (head != kPlainHead && head != kChannelHead) return other(p);
  Stamp stamp;
  std::memcpy(&stamp, rte_pktmbuf_mtod_offset(p, const std::uint8_t*, head), sizeof stamp);
  if (stamp.lane >= lanes_.size()) return other(p);
  if (!as_expected(p, lanes_[stamp.lane], head)) {
    ++counters_.misdelivered;
    return;
  }
  settle(stamp, now);
}

bool Traffic::as_expected(const net::Packet* p, const Lane& lane, std::size_t head) const {
  const std::uint8_t* frame = rte_pktmbuf_mtod(p, const std::uint8_t*);
  if (lane.arrival_head_size != head) return false;
  if (std::memcmp(frame + kAddressingOffset, lane.arrival.data(), lane.arrival.size()) != 0) return false;
  if (head == kChannelHead && (stun::load_be16(frame + kPlainHead) != lane.arrival_channel ||
                               stun::load_be16(frame + kPlainHead + 2) != lanes_.payload_bytes())) {
    return false;
  }
  static constexpr std::array<std::uint8_t, 8> kEnd = {kFiller, kFiller, kFiller, kFiller,
                                                       kFiller, kFiller, kFiller, kFiller};
  return std::memcmp(frame + p->pkt_len - kEnd.size(), kEnd.data(), kEnd.size()) == 0;
}

void Traffic::settle(const Stamp& stamp, std::uint64_t now) {
  // The whole number again, from its lower half.
  const std::uint64_t next = seen_.next();
  const auto ahead = static_cast<std::int32_t>(stamp.sequence - static_cast<std::uint32_t>(next));
  const Verdict verdict = seen_.note(next + static_cast<std::uint64_t>(static_cast<std::int64_t>(ahead)));
  if (verdict == Verdict::duplicate) {
    ++counters_.duplicated;
    return;
  }
  counters_.reordered += verdict == Verdict::late ? 1 : 0;
  ++counters_.delivered[lanes_.to_peer(stamp.lane) ? 0 : 1];
  settled_ = std::max(settled_, seen_.next());
  last_arrival_ = now;
  if (recording_) latency_.record(ns(now - stamp.sent_cycles));
}

void Traffic::other(const net::Packet* p) {
  const auto answer = gateway_.input(net::payload(p));
  if (answer) {
    (void)link_.send_copy(*answer);
  } else {
    ++counters_.foreign;
  }
}

}  // namespace penstock::frames
