#include "dataplane/port/kernel/exception_path.h"

#include <linux/if_ether.h>
#include <netinet/in.h>

#include <utility>

namespace penstock::port {
namespace {

constexpr std::size_t kPuntFrames = 1024;
constexpr std::size_t kInjectFrames = 1024;
// Frames moved per turn and direction, so that the mirror's thread comes round to everything.
constexpr unsigned kTurn = 64;

constexpr std::uint8_t kFirstNeighbourType = 133;  // router solicitation (RFC 4861 section 4)
constexpr std::uint8_t kLastNeighbourType = 137;   // redirect

constexpr std::uint32_t sum_of_bursts() {
  std::uint32_t sum = 0;
  for (const PuntLimit& limit : kPuntLimits) sum += limit.burst;
  return sum;
}
static_assert(sum_of_bursts() <= kPuntFrames, "a burst of one class leaves room for those of the others");

PuntClass classify_ipv4(std::span<const std::uint8_t> packet) {
  constexpr std::size_t kProtocol = 9;
  if (packet.size() <= kProtocol) return PuntClass::other;
  if (packet[kProtocol] == IPPROTO_ICMP) return PuntClass::icmp;
  return packet[kProtocol] == IPPROTO_UDP ? PuntClass::datagram : PuntClass::other;
}

PuntClass classify_ipv6(std::span<const std::uint8_t> packet) {
  constexpr std::size_t kNextHeader = 6;
  if (packet.size() <= net::kIpv6HeaderBytes) return PuntClass::other;
  // Neighbour discovery has no extension headers; multicast listener reports start with one and are `other`.
  if (packet[kNextHeader] == IPPROTO_UDP) return PuntClass::datagram;
  if (packet[kNextHeader] != IPPROTO_ICMPV6) return PuntClass::other;
  const std::uint8_t type = packet[net::kIpv6HeaderBytes];
  return type >= kFirstNeighbourType && type <= kLastNeighbourType ? PuntClass::neighbour : PuntClass::icmp;
}

std::array<TokenBucket, kPuntClassCount> make_buckets() {
  const auto bucket = [](PuntClass c) {
    const PuntLimit& limit = kPuntLimits[static_cast<std::size_t>(c)];
    return TokenBucket(limit.rate_pps, limit.burst);
  };
  return {bucket(PuntClass::neighbour), bucket(PuntClass::icmp), bucket(PuntClass::datagram), bucket(PuntClass::other)};
}

}  // namespace

PuntClass classify_punt(std::span<const std::uint8_t> frame) {
  constexpr std::size_t kEtherType = 12;
  std::size_t at = kEtherType;
  const auto type = [&] { return at + 2 > frame.size() ? 0 : static_cast<unsigned>(frame[at]) << 8 | frame[at + 1]; };
  if (type() == ETH_P_8021Q) at += net::kVlanTagBytes;
  const unsigned ether_type = type();
  if (ether_type == ETH_P_ARP) return PuntClass::neighbour;
  if (ether_type == ETH_P_IP) return classify_ipv4(frame.subspan(at + 2));
  if (ether_type == ETH_P_IPV6) return classify_ipv6(frame.subspan(at + 2));
  return PuntClass::other;
}

ExceptionPath::Worker::Worker(std::size_t longest_frame) : ring(kPuntFrames, longest_frame), buckets(make_buckets()) {}

ExceptionPath::ExceptionPath(Tap tap, unsigned workers, Waker& mirror_waker)
    : tap_(std::move(tap)),
      mirror_waker_(mirror_waker),
      injected_(kInjectFrames, tap_.longest_frame()),
      discarded_(tap_.longest_frame()) {
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(tap_.longest_frame()));
}

bool ExceptionPath::punt(unsigned worker, std::span<const std::uint8_t> frame, std::uint64_t now_ns) {
  Worker& w = *workers_[worker];
  const auto c = static_cast<std::size_t>(classify_punt(frame));
  if (!w.buckets[c].take(now_ns) || !w.ring.push(frame)) {
    w.counters.dropped[c].add();
    return false;
  }
  w.counters.punted[c].add();
  mirror_waker_.wake();
  return true;
}

bool ExceptionPath::move_frames() {
  const bool more_to_deliver = deliver_punted();
  return read_injected() || more_to_deliver;
}

bool ExceptionPath::deliver_punted() {
  bool more = false;
  for (const auto& w : workers_) {
    unsigned moved = 0;
    for (auto frame = w->ring.front(); !frame.empty(); frame = w->ring.front()) {
      if (++moved > kTurn) break;
      (tap_.write(frame) ? counters_.delivered : counters_.refused).add();
      w->ring.pop();
    }
    more = more || moved > kTurn;
  }
  return more;
}

bool ExceptionPath::read_injected() {
  for (unsigned i = 0; i < kTurn; ++i) {
    const std::span<std::uint8_t> room = injected_.claim();
    const std::size_t size = tap_.read(room.empty() ? discarded_ : room);
    if (size == 0) return false;
    if (room.empty()) {
      counters_.inject_dropped.add();
      continue;
    }
    injected_.commit(size);
    counters_.injected.add();
  }
  return true;
}

std::uint64_t ExceptionPath::punted(PuntClass c) const {
  std::uint64_t sum = 0;
  for (const auto& w : workers_) sum += w->counters.punted[static_cast<std::size_t>(c)].get();
  return sum;
}

std::uint64_t ExceptionPath::punt_dropped(PuntClass c) const {
  std::uint64_t sum = 0;
  for (const auto& w : workers_) sum += w->counters.dropped[static_cast<std::size_t>(c)].get();
  return sum;
}

}  // namespace penstock::port
