#include "dataplane/port/dpdk/reassembly.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>
#include <utility>

#include "dataplane/net/bytes.h"

namespace penstock::port {
namespace {

// The IP payload starts here in a buffer: room for the largest headers to be written in front of it.
constexpr std::size_t kHeaderRoom = net::kEthernetHeaderBytes + net::kVlanTagBytes + net::kIpv6HeaderBytes;

// Buffers for datagrams that are whole and on their way through the worker.
constexpr unsigned kUnderWay = 64;

std::span<std::uint8_t, kMaxReassembled> ip_payload(net::Packet* buffer) {
  return std::span<std::uint8_t, kMaxReassembled>(rte_pktmbuf_mtod_offset(buffer, std::uint8_t*, kHeaderRoom),
                                                  kMaxReassembled);
}

// RFC 3168 section 5.3: congestion met by one piece was met by the datagram.
constexpr std::uint8_t kCongestionExperienced = 3;
std::uint8_t merge_tos(std::uint8_t kept, std::uint8_t other) {
  return (other & 3) == kCongestionExperienced ? kept | kCongestionExperienced : kept;
}

}  // namespace

tl::expected<std::unique_ptr<Reassembly>, std::string> Reassembly::create(const std::string& name,
                                                                          const ReassemblyLimits& limits,
                                                                          Drops& dropped) {
  // Whole datagrams are often freed by the worker they were handed to: no caches.
  auto pool = net::PacketPool::create(name, limits.datagrams + kUnderWay, kHeaderRoom + kMaxReassembled, 0);
  if (!pool) return tl::unexpected(pool.error());
  std::random_device random;
  const std::uint64_t salt = std::uint64_t{random()} << 32 | random();
  return std::unique_ptr<Reassembly>(new Reassembly(std::move(*pool), limits, dropped, salt));
}

Reassembly::Reassembly(net::PacketPool pool, const ReassemblyLimits& limits, Drops& dropped, std::uint64_t salt)
    : pool_(std::move(pool)),
      limits_(limits),
      dropped_(dropped),
      salt_(salt),
      entries_(limits.datagrams),
      buckets_(std::bit_ceil(2U * limits.datagrams)) {
  for (std::uint16_t i = 0; i < limits.datagrams; ++i) unused_.push_back(i);
}

Reassembly::~Reassembly() {
  for (Entry& e : entries_) net::free(e.buffer);
}

Reassembly::Bucket& Reassembly::bucket(const Key& key) {
  net::Address source = key.source;
  if (key.v6) std::fill(source.bytes.begin() + 8, source.bytes.end(), std::uint8_t{0});
  return buckets_[net::hash({source, 0}, salt_) & (buckets_.size() - 1)];
}

std::uint16_t Reassembly::find(const Bucket& bucket, const Key& key) const {
  std::uint16_t i = bucket.first;
  while (i != kNoIndex && entries_[i].key != key) i = entries_[i].by_source.after;
  return i;
}

net::Packet* Reassembly::add(net::Packet* fragment, const net::Frame& f, std::uint64_t now_ns) {
  counters_.fragments.add();
  expire(now_ns);
  const Piece piece = read_piece(net::payload(static_cast<const net::Packet*>(fragment)), f);
  const Key key{f.source.address, f.destination.address, piece.id, f.vlan, f.v6};
  Bucket& home = bucket(key);
  std::uint16_t i = find(home, key);
  if (i == kNoIndex) i = open(home, key, fragment, now_ns);
  net::Packet* whole = i == kNoIndex ? nullptr : put(i, f, piece);
  net::free(fragment);
  return whole;
}

// A new datagram in pieces. At a limit the oldest goes: what is still in pieces by then hardly ever gets whole.
std::uint16_t Reassembly::open(Bucket& bucket, const Key& key, const net::Packet* fragment, std::uint64_t now_ns) {
  if (bucket.size >= limits_.per_source || unused_.empty()) {
    const std::uint16_t oldest = bucket.size >= limits_.per_source ? bucket.first : by_age_.first;
    give_up(oldest, net::Drop::fragment_overflow);
    close(oldest);
  }
  net::Packet* buffer = pool_.allocate();
  if (buffer == nullptr) {
    drop(net::Drop::fragment_overflow);
    return kNoIndex;
  }
  const std::uint16_t i = unused_.back();
  unused_.pop_back();
  Entry& e = entries_[i];
  e.key = key;
  e.buffer = buffer;
  e.deadline_ns = now_ns + limits_.timeout_ns;
  e.tos = 0;
  e.ttl = 0;
  e.pieces.clear();
  const std::uint8_t* ethernet = net::payload(fragment).data();
  std::memcpy(e.link.destination.data(), ethernet, e.link.destination.size());
  std::memcpy(e.link.source.data(), ethernet + e.link.destination.size(), e.link.source.size());
  e.link.vlan = key.vlan;
  by_age_.push_back(entries_.data(), i);
  bucket.push_back(entries_.data(), i);
  counters_.pending.set(by_age_.size);
  return i;
}

net::Packet* Reassembly::put(std::uint16_t i, const net::Frame& f, const Piece& piece) {
  Entry& e = entries_[i];
  if (e.buffer == nullptr) return nullptr;
  const DatagramPieces::Put result = e.pieces.put(piece, ip_payload(e.buffer));
  switch (result) {
    case DatagramPieces::Put::malformed:
      give_up(i, net::Drop::fragment_malformed);
      return nullptr;
    case DatagramPieces::Put::too_large:
      give_up(i, net::Drop::fragment_overflow);
      return nullptr;
    case DatagramPieces::Put::duplicate:
      counters_.duplicates.add();
      return nullptr;
    case DatagramPieces::Put::more:
    case DatagramPieces::Put::whole:
      break;
  }
  if (piece.offset == 0) {
    e.tos = merge_tos(f.tos, e.tos);
    e.ttl = f.ttl;
  } else {
    e.tos = merge_tos(e.tos, f.tos);
  }
  return result == DatagramPieces::Put::whole ? finish(i) : nullptr;
}

// Puts the headers of an uncut datagram in front of the payload.
net::Packet* Reassembly::finish(std::uint16_t i) {
  Entry& e = entries_[i];
  const std::span<const std::uint8_t> whole = ip_payload(e.buffer).first(e.pieces.total());
  const std::size_t udp_size = whole.size() < net::kUdpHeaderBytes ? 0 : net::load_be16(&whole[4]);
  if (udp_size < net::kUdpHeaderBytes || udp_size > whole.size()) {
    give_up(i, net::Drop::fragment_malformed);
    return nullptr;
  }
  const net::Endpoint source{e.key.source, net::load_be16(whole.data())};
  const net::Endpoint destination{e.key.destination, net::load_be16(&whole[2])};
  net::DatagramHeader header{.source = source, .destination = destination, .payload_size = 0};
  header.payload_size = static_cast<std::uint16_t>(udp_size - net::kUdpHeaderBytes);
  std::memcpy(&header.udp_checksum, &whole[6], sizeof header.udp_checksum);
  header.ip_id = static_cast<std::uint16_t>(e.key.id);
  header.tos = e.tos;
  header.ttl = e.ttl;
  header.dont_fragment = false;

  net::Packet* p = std::exchange(e.buffer, nullptr);
  std::uint8_t* frame = net::write_headers(ip_payload(p).data() + net::kUdpHeaderBytes, e.link, header);
  const std::size_t headers = net::headers_size(e.key.v6, e.key.vlan != net::kNoVlan);
  p->data_off = static_cast<std::uint16_t>(frame - static_cast<std::uint8_t*>(p->buf_addr));
  p->data_len = static_cast<std::uint16_t>(headers + header.payload_size);
  p->pkt_len = p->data_len;
  close(i);
  counters_.datagrams.add();
  return p;
}

void Reassembly::give_up(std::uint16_t i, net::Drop why) {
  Entry& e = entries_[i];
  if (e.buffer == nullptr) return;  // dropped before
  net::free(std::exchange(e.buffer, nullptr));
  drop(why);
}

void Reassembly::close(std::uint16_t i) {
  by_age_.remove(entries_.data(), i);
  bucket(entries_[i].key).remove(entries_.data(), i);
  unused_.push_back(i);
  counters_.pending.set(by_age_.size);
}

void Reassembly::expire(std::uint64_t now_ns) {
  while (by_age_.first != kNoIndex && entries_[by_age_.first].deadline_ns <= now_ns) {
    const std::uint16_t i = by_age_.first;
    give_up(i, net::Drop::fragment_timeout);
    close(i);
  }
}

}  // namespace penstock::port
