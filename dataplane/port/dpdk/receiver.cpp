#include "dataplane/port/dpdk/receiver.h"

#include <rte_ethdev.h>
#include <rte_random.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace penstock::port {
namespace {

constexpr std::uint64_t kBuffer = RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;  // what a packet is, not what was found

bool flagged(const net::Packet* p, std::uint64_t mask, std::uint64_t value) {
  return (p->ol_flags & mask) == value;
}

std::span<const std::uint8_t> bytes_of(const net::Packet* p) {
  return net::payload(p);
}

// "Packet too big", "fragmentation needed and DF set" (RFC 4443 section 3.2, RFC 1191).
bool tells_path_mtu(const net::Frame& error) {
  const bool too_big = error.v6 ? error.icmp_type == 2 : error.icmp_type == 3 && error.icmp_code == 4;
  return too_big && error.icmp_data != 0;
}

// The payload's sum, with as little work as what the device did allows; false when the datagram is damaged.
bool find_payload_sum(const net::Packet* p, const net::Frame& frame, std::uint16_t& out) {
  switch (p->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) {
    case RTE_MBUF_F_RX_L4_CKSUM_GOOD:
      if (frame.udp_checksum == 0) break;
      out = net::implied_payload_sum(frame);
      return true;
    case RTE_MBUF_F_RX_L4_CKSUM_NONE:  // the data is good, its checksum unfinished: from a guest of the same host
      out = net::fold(net::ones_sum(bytes_of(p).subspan(frame.payload, frame.payload_size)));
      return true;
    default:
      break;
  }
  const auto sum = net::verified_payload_sum(bytes_of(p), frame);
  if (sum) out = *sum;
  return sum.has_value();
}

}  // namespace

DpdkReceiver::DpdkReceiver(DpdkHost& host, std::uint16_t worker, const Endpoints& endpoints,
                           const std::vector<net::LocalId>& shared, Reassembly& reassembly, IcmpErrorQueue& icmp_errors,
                           PathMtus& path_mtus, DpdkSender& sender, PortCounters& counters)
    : worker_(worker),
      workers_(host.options().workers),
      endpoints_(endpoints),
      shared_(shared),
      locals_(host.locals()),
      handoff_(host.handoff()),
      pool_(host.pool(worker)),
      reassembly_(reassembly),
      icmp_errors_(icmp_errors),
      path_mtus_(path_mtus),
      sender_(sender),
      counters_(counters),
      to_wake_(workers_, 0) {
  for (const auto& device : host.devices()) {
    // A device that hashes, with a queue for each worker, decides whose a client is. Else we do, in software.
    const bool trusted = host.steering(device->index()) != Steering::software;
    Source source{device.get(), 0, trusted, host.mirror().exception_path(device->index())};
    by_device_.push_back(source);
    for (std::uint16_t q = worker; q < device->rx_queues(); q = static_cast<std::uint16_t>(q + workers_)) {
      source.queue = q;
      sources_.push_back(source);
    }
  }
}

bool DpdkReceiver::receive(net::Burst& burst, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  bool any = workers_ > 1 && take_handed_off(burst);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const std::size_t n = counters_.receives.get();
    poll(sources_[(first_source_ + i) % sources_.size()], burst);
    any |= counters_.receives.get() != n;
  }
  if (!sources_.empty()) first_source_ = (first_source_ + 1) % sources_.size();
  wake_others();
  return any;
}

// What other workers received for us, or finished for a transmit queue of ours.
bool DpdkReceiver::take_handed_off(net::Burst& burst) {
  std::array<HandedOff, kChunk> taken;
  const std::size_t share = std::clamp<std::size_t>(net::kBurstCapacity / 2 / workers_, 1, kChunk);
  bool any = false;
  for (std::uint16_t from = 0; from < workers_; ++from) {
    if (from == worker_) continue;
    const unsigned n = handoff_.take(from, worker_, std::span(taken).first(share));
    for (unsigned i = 0; i < n; ++i) take(taken[i], burst);
    any |= n > 0;
  }
  return any;
}

void DpdkReceiver::take(const HandedOff& item, net::Burst& burst) {
  switch (item.kind) {
    case HandoffKind::datagram:
      return take_datagram(item.packet, burst);
    case HandoffKind::frame:
      return take_frame(item.packet, burst);
    case HandoffKind::path_mtu:
      learn_path_mtu(net::parse_frame(bytes_of(item.packet), true));
      return net::free(item.packet);
    case HandoffKind::outgoing:
    case HandoffKind::outgoing_extra:
      return sender_.send_for_another(item.packet, item.kind == HandoffKind::outgoing);
  }
}

void DpdkReceiver::poll(const Source& source, net::Burst& burst) {
  // Bounded by itself: what is punted, dropped or handed off never fills the burst, and a flood of it must not hold the
  // worker.
  constexpr unsigned kChunksPerPass = net::kBurstCapacity / kChunk;
  std::uint16_t n = kChunk;
  for (unsigned i = 0; i < kChunksPerPass && n == kChunk && burst.room() >= kChunk; ++i) {
    std::array<net::Packet*, kChunk> packets;
    n = rte_eth_rx_burst(source.device->id(), source.queue, packets.data(), kChunk);
    counters_.receives.add(n);
    take_apart(std::span(packets).first(n), source, burst);
  }
}

void DpdkReceiver::take_apart(std::span<net::Packet*> packets, const Source& source, net::Burst& burst) {
  std::array<Slot, kChunk> slots;
  for (net::Packet* p : packets) rte_prefetch0(rte_pktmbuf_mtod(p, void*));
  for (std::size_t i = 0; i < packets.size(); ++i) {
    net::Packet* p = packets[i];
    rte_prefetch0(&net::info(p));
    p->port = source.device->index();
    // In place: a copy's wide loads would wait for the small stores before them.
    const net::Frame& frame = *new (&frames_[i]) net::Frame(
        net::parse_frame(bytes_of(p), flagged(p, RTE_MBUF_F_RX_IP_CKSUM_MASK, RTE_MBUF_F_RX_IP_CKSUM_GOOD)));
    if (frame.kind != net::FrameKind::datagram) continue;
    slots[i] = locals_.slot(frame.destination);
    if (slots[i] != kNoSlot) locals_.prefetch(slots[i]);
  }
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (frames_[i].kind == net::FrameKind::datagram && packets[i]->nb_segs == 1) {
      steer_datagram(packets[i], frames_[i], slots[i], source, burst);
    } else {
      steer(packets[i], frames_[i], source, burst);
    }
  }
}

void DpdkReceiver::steer(net::Packet* p, const net::Frame& frame, const Source& source, net::Burst& burst) {
  if (p->nb_segs != 1) return drop(p, net::Drop::rx_truncated);
  switch (frame.kind) {
    case net::FrameKind::datagram:
      return steer_datagram(p, frame, locals_.slot(frame.destination), source, burst);
    case net::FrameKind::icmp_error:
      return steer_icmp_error(p, frame, source);
    case net::FrameKind::fragment:
      return steer_fragment(p, frame, source, burst);
    case net::FrameKind::malformed:
      return drop(p, net::Drop::rx_malformed);
    case net::FrameKind::other:
      return punt(p, source);
  }
}

void DpdkReceiver::steer_datagram(net::Packet* p, const net::Frame& frame, Slot slot, const Source& source,
                                  net::Burst& burst) {
  const Owner owner = slot == kNoSlot ? Owner{} : locals_.owner(slot);
  if (owner.kind == Owner::Kind::nobody || owner.kind == Owner::Kind::reserved) {
    return punt(p, source);
  }
  const bool is_shared = owner.kind == Owner::Kind::shared;
  const std::uint16_t worker = is_shared ? owner_of_client(frame.source, source) : owner.worker;
  if (!to_payload(p, frame)) return;
  if (worker != worker_) {
    net::info(p).flow = slot;
    return hand_off(p, worker, HandoffKind::datagram);
  }
  net::info(p).local = is_shared ? shared_[owner.local] : owner.local;
  counters_.same_worker.add();
  burst.push(p);
}

// An error about a datagram is its sender's: the owner of the quoted source port.
void DpdkReceiver::steer_icmp_error(net::Packet* p, const net::Frame& frame, const Source& source) {
  const Slot slot = locals_.slot(frame.source);
  const Owner owner = slot == kNoSlot ? Owner{} : locals_.owner(slot);
  if (owner.kind == Owner::Kind::shared && tells_path_mtu(frame)) return tell_path_mtu(p, frame);
  if (owner.kind != Owner::Kind::worker) return punt(p, source);
  if (owner.worker != worker_) return hand_off(p, owner.worker, HandoffKind::frame);
  learn_path_mtu(frame);
  const LocalEndpoint* local = endpoints_.find(owner.local);
  if (local != nullptr && local->icmp_errors) {
    icmp_errors_.push({owner.local, frame.destination, frame.icmp_type, frame.icmp_code, frame.icmp_data});
  }
  net::free(p);
}

// Whose the client is that a shared endpoint sent to, the device may know, but not we: all workers are told.
void DpdkReceiver::tell_path_mtu(net::Packet* p, const net::Frame& frame) {
  learn_path_mtu(frame);
  for (std::uint16_t worker = 0; worker < workers_; ++worker) {
    if (worker == worker_) continue;
    rte_mbuf_refcnt_update(p, 1);
    hand_off(p, worker, HandoffKind::path_mtu);
  }
  net::free(p);
}

void DpdkReceiver::learn_path_mtu(const net::Frame& frame) {
  if (tells_path_mtu(frame)) path_mtus_.learn(frame.destination.address, frame.icmp_data, now_ns_);
}

// All pieces of a datagram meet at one worker, whatever queues they came in by.
void DpdkReceiver::steer_fragment(net::Packet* p, const net::Frame& frame, const Source& source, net::Burst& burst) {
  const bool to_us = locals_.slot({frame.destination.address, 0}) != kNoSlot;
  if (!to_us) return punt(p, source);
  const std::uint64_t h = net::hash(frame.source, net::hash(frame.destination, 0));
  const auto worker = static_cast<std::uint16_t>(h % workers_);
  if (worker != worker_) return hand_off(p, worker, HandoffKind::frame);
  net::Packet* whole = reassembly_.add(p, frame, now_ns_);
  if (whole == nullptr) return;
  whole->port = source.device->index();
  const net::Frame datagram = net::parse_frame(bytes_of(whole), true);
  if (datagram.kind != net::FrameKind::datagram) return drop(whole, net::Drop::rx_malformed);
  steer_datagram(whole, datagram, locals_.slot(datagram.destination), source, burst);
}

void DpdkReceiver::take_frame(net::Packet* p, net::Burst& burst) {
  const net::Frame frame = net::parse_frame(bytes_of(p), true);
  steer(p, frame, source_of(p), burst);
}

void DpdkReceiver::take_datagram(net::Packet* p, net::Burst& burst) {
  net::PacketInfo& info = net::info(p);
  counters_.taken_over.add();
  const Owner owner = locals_.owner(info.flow);
  info.flow = net::kNoFlow;
  if (owner.kind == Owner::Kind::shared) {
    info.local = shared_[owner.local];
  } else if (owner.kind == Owner::Kind::worker && owner.worker == worker_) {
    info.local = owner.local;
  } else {
    return drop_received(p, net::Drop::no_flow);
  }
  burst.push(p);
}

// Makes the frame the packet that services see. False when it was damaged and is gone.
bool DpdkReceiver::to_payload(net::Packet* p, const net::Frame& frame) {
  counters_.received_packets.add();
  counters_.received_bytes.add(frame.payload_size);
  net::PacketInfo& info = *new (&net::info(p)) net::PacketInfo;
  if (!find_payload_sum(p, frame, info.payload_sum)) {
    drop_received(p, net::Drop::rx_bad_checksum);
    return false;
  }
  info.flags = net::PacketInfo::kSummed;
  info.remote = frame.source;
  info.tos = frame.tos;
  info.arrival_ns = now_ns_;
  p->ol_flags &= kBuffer;
  p->data_off = static_cast<std::uint16_t>(p->data_off + frame.payload);
  p->data_len = frame.payload_size;
  p->pkt_len = frame.payload_size;
  return true;
}

// Datagrams are counted as they go; frames are not packets yet.
void DpdkReceiver::hand_off(net::Packet* p, std::uint16_t worker, HandoffKind kind) {
  const bool counted = kind == HandoffKind::datagram;
  if (!handoff_.send(worker_, worker, {p, kind})) {
    return counted ? drop_received(p, net::Drop::handoff_full) : drop(p, net::Drop::handoff_full);
  }
  if (counted) counters_.handed_over.add();
  to_wake_[worker] = 1;
  wakes_pending_ = true;
}

void DpdkReceiver::wake_others() {
  if (!wakes_pending_) return;
  wakes_pending_ = false;
  for (std::uint16_t worker = 0; worker < workers_; ++worker) {
    if (std::exchange(to_wake_[worker], 0) != 0) handoff_.waker(worker).wake();
  }
}

// What is neither ours nor broken is the kernel's. Where it has the rest already, only what was unbound a moment ago
// comes here.
void DpdkReceiver::punt(net::Packet* p, const Source& source) {
  if (source.to_kernel == nullptr) return drop(p, net::Drop::no_flow);
  if (p->data_len <= source.to_kernel->tap().longest_frame()) {
    source.to_kernel->punt(worker_, bytes_of(p), now_ns_);
  } else {
    punt_in_pieces(p, source);
  }
  net::free(p);
}

// A datagram was put together before anybody could know that its port is the kernel's: cut again, as it came.
void DpdkReceiver::punt_in_pieces(const net::Packet* p, const Source& source) {
  std::array<net::Packet*, kMaxFragments> pieces;
  const auto made = fragment(p, source.device->mtu(), static_cast<std::uint32_t>(rte_rand()), pool_, pieces);
  for (std::size_t i = 0; i < made.value_or(0); ++i) {
    source.to_kernel->punt(worker_, bytes_of(pieces[i]), now_ns_);
    net::free(pieces[i]);
  }
}

void DpdkReceiver::drop(net::Packet* p, net::Drop reason) {
  counters_.received_packets.add();
  drop_received(p, reason);
}

void DpdkReceiver::drop_received(net::Packet* p, net::Drop reason) {
  counters_.dropped[static_cast<std::size_t>(reason)].add();
  net::free(p);
}

// Every worker must come to the same answer for a client, whichever of them a packet of it reached.
std::uint16_t DpdkReceiver::owner_of_client(const net::Endpoint& remote, const Source& source) const {
  if (source.trusted) return worker_;
  return static_cast<std::uint16_t>(net::hash(remote, 0) % workers_);
}

}  // namespace penstock::port
