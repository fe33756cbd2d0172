#include "dataplane/port/dpdk/sender.h"

#include <rte_ethdev.h>
#include <rte_prefetch.h>
#include <rte_random.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "dataplane/net/wide_sum.h"

namespace penstock::port {
namespace {

// What the kernel has for us is sent a little at a time, so that media does not wait for it.
constexpr unsigned kInjectedPerPass = 16;
// A resolved neighbour shows as a change; this is for all else that can end a wait.
constexpr std::uint64_t kRetryNs = 10'000'000;
constexpr std::size_t kCacheLine = 64;

// What the payload of a long packet adds to its checksum is all of it, read once more.
std::uint16_t sum_of(const net::Packet* p) {
  const net::PacketInfo& info = net::info(p);
  if (info.lead_size != 0 || (info.flags & net::PacketInfo::kSummed) != 0) return net::transmitted_sum(p);
  return net::wide_sum(net::payload(p));
}

// A burst of encrypted packets does not fit the first cache: what a packet's checksum reads is fetched while the one
// before it is sent.
void prefetch_to_sum(const net::Packet* p) {
  const std::span<const std::uint8_t> bytes = net::payload(p);
  if ((net::info(p).flags & net::PacketInfo::kSummed) != 0) return;
  for (std::size_t at = 0; at < bytes.size(); at += kCacheLine) rte_prefetch0(bytes.data() + at);
}

}  // namespace

DpdkSender::DpdkSender(DpdkHost& host, std::uint16_t worker, const Endpoints& endpoints, ForwardingView& view,
                       IcmpErrorQueue& icmp_errors, PathMtus& path_mtus, PortCounters& counters)
    : worker_(worker),
      endpoints_(endpoints),
      view_(view),
      icmp_errors_(icmp_errors),
      path_mtus_(path_mtus),
      handoff_(host.handoff()),
      pool_(host.pool(worker)),
      counters_(counters),
      workers_(host.options().workers),
      ip_id_(static_cast<std::uint16_t>(rte_rand())),
      fragment_id_(worker) {
  for (const auto& device : host.devices()) {
    auto exit = std::make_unique<Exit>();
    exit->device = device.get();
    exit->worker = static_cast<std::uint16_t>(worker % device->tx_queues());
    exit->queue = exit->worker;
    exit->from_kernel = worker == 0 ? host.mirror().exception_path(device->index()) : nullptr;
    sums_ |= !device->offloads().tx_udp_checksum;
    exits_.push_back(std::move(exit));
  }
}

void DpdkSender::discard_pending() {
  waiting_.offer(0, [](net::Packet* p, bool) {
    net::free(p);
    return true;
  });
  for (const auto& exit : exits_) {
    for (std::uint32_t i = 0; i < exit->size; ++i) net::free(exit->frames[i]);
    exit->size = 0;
  }
}

void DpdkSender::transmit(net::Burst& burst, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  for (net::Packet* p : burst) endpoints_.prefetch(net::info(p).local);
  const std::span<net::Packet* const> packets = burst.span();
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (sums_ && i + 1 < packets.size()) prefetch_to_sum(packets[i + 1]);
    send(packets[i]);
  }
  burst.clear();
  flush_all();
}

bool DpdkSender::advance(bool changed, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  bool any = false;
  if (!waiting_.empty() && (changed || now_ns >= retry_ns_)) {
    retry_ns_ = now_ns + kRetryNs;
    const std::uint32_t before = waiting_.size();
    waiting_.offer(now_ns, [this](net::Packet* p, bool late) { return send_if_resolved(p, late); });
    any = waiting_.size() != before;
  }
  for (const auto& exit : exits_) {
    if (exit->from_kernel == nullptr || exit->from_kernel->next_injected().empty()) continue;
    send_injected(*exit);
    any = true;
  }
  flush_all();
  counters_.held.set(waiting_.size());
  return any;
}

void DpdkSender::send(net::Packet* p) {
  if (send_if_resolved(p, false)) return;
  if (!waiting_.hold(p, Path::hop(net::info(p).path), now_ns_)) return drop(p, net::Drop::tx_no_neighbour);
  counters_.held.set(waiting_.size());
}

// False when there is nothing to do but to wait for the next hop. A `late` packet has waited long enough.
bool DpdkSender::send_if_resolved(net::Packet* p, bool late) {
  net::PacketInfo& info = net::info(p);
  const LocalEndpoint* local = endpoints_.find(info.local);
  if (local == nullptr) return drop(p, net::Drop::tx_error), true;
  const Hop* hop = view_.hop(info.path);
  if (hop == nullptr) {
    if (info.remote.port == 0 || info.remote.address.is_v4() == local->v6) {
      return drop(p, net::Drop::tx_unreachable), true;
    }
    info.path = view_.resolve(local->endpoint.address, info.remote.address);
    hop = view_.hop(info.path);
    if (hop == nullptr) return drop(p, reason_of(view_.why_no_path())), true;
  }
  const Interface& interface = view_.interface(*hop);
  if (!interface.up.load(std::memory_order_relaxed)) return drop(p, net::Drop::tx_link_down), true;
  switch (hop->load_link().state()) {
    case HopState::reachable:
      send_through(p, *local, *hop, interface);
      return true;
    case HopState::failed:
      return drop(p, net::Drop::tx_no_neighbour), true;
    case HopState::unknown:
    case HopState::resolving:
      return late ? (drop(p, net::Drop::tx_no_neighbour), true) : false;
  }
  return false;
}

// Everything about where it goes is known: headers, checksum, queue.
void DpdkSender::send_through(net::Packet* p, const LocalEndpoint& local, const Hop& hop, const Interface& interface) {
  const net::PacketInfo& info = net::info(p);
  Exit& exit = *exits_[interface.device];
  const net::LinkHeader link{hop.load_link().mac(), interface.mac_address(), interface.vlan};
  const bool tagged = link.vlan != net::kNoVlan;
  const std::size_t headers = net::headers_size(local.v6, tagged);
  const std::size_t size = net::wire_size(p);
  // A packet's length has 16 bits, headers included.
  if (size > kMaxPayload || size + headers > UINT16_MAX) return drop(p, net::Drop::tx_too_big);
  const std::size_t ip_size = size + headers - net::link_header_size(tagged);
  const std::uint32_t mtu = path_mtus_.limit(info.remote.address, view_.mtu(hop), now_ns_);
  const bool dont_fragment = (info.flags & net::PacketInfo::kDontFragment) != 0;
  if (ip_size > mtu && dont_fragment) return refuse_too_big(p, mtu);

  net::DatagramHeader header{.source = local.endpoint,
                             .destination = info.remote,
                             .payload_size = static_cast<std::uint16_t>(size),
                             .ip_id = ip_size > mtu ? next_fragment_id() : ip_id_++,
                             .tos = info.tos,
                             .dont_fragment = dont_fragment};
  // A device can finish the checksum of whole datagrams only.
  const bool offload = exit.device->offloads().tx_udp_checksum && ip_size <= mtu;
  header.udp_checksum = offload ? net::offloaded_udp_checksum(header) : net::full_udp_checksum(header, sum_of(p));
  if (!gather(p, headers)) return drop(p, net::Drop::tx_no_buffer);
  if (ip_size > mtu) return send_in_pieces(p, link, header, mtu, exit);
  net::write_headers(rte_pktmbuf_mtod(p, std::uint8_t*), link, header);
  rte_pktmbuf_prepend(p, static_cast<std::uint16_t>(headers));
  if (offload) {
    p->tx_offload =
        rte_mbuf_tx_offload(net::link_header_size(tagged), local.v6 ? net::kIpv6HeaderBytes : net::kIpv4HeaderBytes,
                            net::kUdpHeaderBytes, 0, 0, 0, 0);
    p->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM | (local.v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
  }
  counters_.sent_bytes.add(size);
  put(p, exit, true);
}

// What is not cut now may be cut on the way, so all that leaves without DF needs an id; what we cut ourselves has ids
// of its own, which workers do not share: pieces of two datagrams must not meet in one (RFC 4963).
std::uint16_t DpdkSender::next_fragment_id() {
  fragment_id_ = static_cast<std::uint16_t>(fragment_id_ + workers_);
  return fragment_id_;
}

// Lead and tail into the packet's own buffer. False when it has no room for them and `headers`.
bool DpdkSender::gather(net::Packet* p, std::size_t headers) {
  net::PacketInfo& info = net::info(p);
  if (rte_pktmbuf_headroom(p) < headers + info.lead_size || rte_pktmbuf_tailroom(p) < info.tail_size) return false;
  if (info.lead_size != 0) {
    std::memcpy(rte_pktmbuf_prepend(p, info.lead_size), info.lead.data(), info.lead_size);
    info.lead_size = 0;
  }
  if (info.tail_size != 0) {
    std::memset(rte_pktmbuf_append(p, info.tail_size), 0, info.tail_size);
    info.tail_size = 0;
  }
  return true;
}

void DpdkSender::send_in_pieces(net::Packet* p, const net::LinkHeader& link, const net::DatagramHeader& header,
                                std::uint32_t mtu, Exit& exit) {
  net::write_headers(rte_pktmbuf_mtod(p, std::uint8_t*), link, header);
  rte_pktmbuf_prepend(
      p, static_cast<std::uint16_t>(net::headers_size(!header.source.address.is_v4(), link.vlan != net::kNoVlan)));
  std::array<net::Packet*, kMaxFragments> pieces;
  const auto made = fragment(p, mtu, static_cast<std::uint32_t>(rte_rand()), pool_, pieces);
  if (!made) return drop(p, made.error());
  for (std::size_t i = 0; i < *made; ++i) put(pieces[i], exit, i == 0);
  counters_.sent_bytes.add(header.payload_size);
  net::free(p);
}

// As a router on the way would: the packet ends, and its sender learns the MTU (RFC 8656 section 14).
void DpdkSender::refuse_too_big(net::Packet* p, std::uint32_t mtu) {
  const net::PacketInfo& info = net::info(p);
  const LocalEndpoint& local = endpoints_[info.local];
  if (local.icmp_errors) {
    icmp_errors_.push({info.local, info.remote, static_cast<std::uint8_t>(local.v6 ? 2 : 3),
                       static_cast<std::uint8_t>(local.v6 ? 0 : 4), mtu});
  }
  drop(p, net::Drop::tx_too_big);
}

// `is_packet`: it stands for a packet in the balance; later pieces of one and frames of the kernel do not.
void DpdkSender::put(net::Packet* frame, Exit& exit, bool is_packet) {
  if (exit.size == exit.frames.size()) flush(exit);
  exit.is_packet[exit.size] = is_packet;
  exit.frames[exit.size++] = frame;
}

void DpdkSender::flush_all() {
  for (const auto& exit : exits_) {
    if (exit->size != 0) flush(*exit);
  }
}

void DpdkSender::flush(Exit& exit) {
  const bool own = exit.worker == worker_;
  const std::uint32_t done = own ? to_queue(exit) : to_worker(exit);
  const auto packets =
      static_cast<std::uint64_t>(std::count(exit.is_packet.begin(), exit.is_packet.begin() + done, true));
  (own ? counters_.sent_packets : counters_.handed_over).add(packets);
  counters_.sends.add(done);
  for (std::uint32_t i = done; i < exit.size; ++i) {
    if (exit.is_packet[i]) counters_.dropped[static_cast<std::size_t>(net::Drop::tx_no_buffer)].add();
    net::free(exit.frames[i]);
  }
  exit.size = 0;
}

std::uint32_t DpdkSender::to_queue(Exit& exit) {
  std::uint32_t done = 0;
  for (unsigned tries = 0; done < exit.size && tries < kTries; ++tries) {
    const auto left = static_cast<std::uint16_t>(exit.size - done);
    done += rte_eth_tx_burst(exit.device->id(), exit.queue, exit.frames.data() + done, left);
  }
  return done;
}

// This worker has no queue of the device; that one has.
std::uint32_t DpdkSender::to_worker(Exit& exit) {
  std::uint32_t done = 0;
  for (; done < exit.size; ++done) {
    exit.frames[done]->port = exit.device->index();
    const auto kind = exit.is_packet[done] ? HandoffKind::outgoing : HandoffKind::outgoing_extra;
    if (!handoff_.send(worker_, exit.worker, {exit.frames[done], kind})) break;
  }
  if (done > 0) handoff_.waker(exit.worker).wake();
  return done;
}

void DpdkSender::send_for_another(net::Packet* frame, bool is_packet) {
  if (is_packet) counters_.taken_over.add();
  put(frame, *exits_[frame->port], is_packet);
}

// Frames of the kernel are not packets of ours and appear in no balance; those that find the queue full are lost, as on
// any interface.
void DpdkSender::send_injected(Exit& exit) {
  for (unsigned i = 0; i < kInjectedPerPass; ++i) {
    const auto frame = exit.from_kernel->next_injected();
    if (frame.empty()) return;
    net::Packet* p = pool_.allocate();
    if (p != nullptr && frame.size() <= rte_pktmbuf_tailroom(p)) {
      std::memcpy(rte_pktmbuf_append(p, static_cast<std::uint16_t>(frame.size())), frame.data(), frame.size());
      put(p, exit, false);
    } else if (p != nullptr) {
      net::free(p);
    }
    exit.from_kernel->pop_injected();
  }
}

void DpdkSender::drop(net::Packet* p, net::Drop reason) {
  counters_.dropped[static_cast<std::size_t>(reason)].add();
  net::free(p);
}

net::Drop DpdkSender::reason_of(NoPath why) const {
  return why == NoPath::hop_table_full ? net::Drop::tx_no_neighbour : net::Drop::tx_unreachable;
}

}  // namespace penstock::port
