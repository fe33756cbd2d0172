#include "dataplane/port/memory/port.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace penstock::port {
namespace {

// A worker that does not take its ICMP errors loses the newer ones, as from a kernel's error queue.
constexpr std::size_t kMaxIcmpErrors = 1024;

std::string unique_name(const char* kind) {
  static std::atomic<unsigned> next{0};
  return fmt::format("memory_{}_{}", kind, next.fetch_add(1));
}

}  // namespace

tl::expected<std::unique_ptr<MemoryPort>, std::string> MemoryPort::create(const MemoryOptions& options) {
  auto pool = net::PacketPool::create(unique_name("rx"), options.packets, 0);
  if (!pool) return tl::unexpected(pool.error());
  return std::unique_ptr<MemoryPort>(new MemoryPort(options, std::move(*pool)));
}

MemoryPort::MemoryPort(const MemoryOptions& options, net::PacketPool pool)
    : options_(options),
      host_(options.host ? options.host : std::make_shared<MemoryHost>()),
      pool_(std::move(pool)),
      record_(options.record) {
  locals_.reserve(options.max_locals);  // local_endpoint() hands out references
}

MemoryPort::~MemoryPort() {
  for (net::Packet* p : arrivals_) net::free(p);
  for (const Local& local : locals_) {
    if (local.bound && !local.borrowed) host_->close(local.endpoint);
  }
}

void MemoryPort::receive(net::Burst& burst) {
  if (!templates_.empty()) return receive_templates(burst);
  const std::lock_guard lock(mutex_);
  std::uint16_t train = 0;
  while (!burst.full() && !arrivals_.empty()) {
    net::Packet* p = arrivals_.front();
    arrivals_.pop_front();
    const net::PacketInfo& i = net::info(p);
    counters_.received_packets.add();
    counters_.received_bytes.add(p->data_len);
    // A train cut by the end of a burst counts again where it goes on, as one receive of a uring port would not.
    if (i.train == 0 || i.train != train) counters_.receives.add();
    if (i.train != 0 && i.train != train) counters_.received_trains.add();
    train = i.train;
    burst.push(p);
  }
}

void MemoryPort::receive_templates(net::Burst& burst) {
  const std::span<net::Packet*> packets{burst.packets.data() + burst.size, burst.room()};
  if (!template_pool_->allocate_bulk(packets)) {
    counters_.received_packets.add(packets.size());
    counters_.dropped[static_cast<std::size_t>(net::Drop::rx_no_packet)].add(packets.size());
    return;
  }
  std::uint64_t bytes = 0;
  for (net::Packet* p : packets) {
    const MemoryTemplate& t = templates_[next_template_];
    if (++next_template_ == templates_.size()) next_template_ = 0;
    std::memcpy(rte_pktmbuf_mtod(p, void*), t.head.data(), t.head_size);
    p->data_len = t.size;
    p->pkt_len = t.size;
    net::PacketInfo& i = net::info(p);
    i.remote = t.remote;
    i.local = t.local;
    i.flags = t.flags;
    bytes += t.size;
  }
  burst.size += static_cast<std::uint32_t>(packets.size());
  counters_.received_packets.add(packets.size());
  counters_.received_bytes.add(bytes);
  counters_.receives.add(packets.size());
}

std::optional<net::Drop> MemoryPort::reason_to_drop(const net::Packet* p) const {
  const net::PacketInfo& i = net::info(p);
  if (const auto failing = failing_.load(std::memory_order_relaxed)) return failing;
  if (!is_bound(i.local)) return net::Drop::tx_error;
  const std::size_t limit = (i.flags & net::PacketInfo::kDontFragment) != 0 ? options_.mtu : kMaxPayload;
  if (net::wire_size(p) > limit) return net::Drop::tx_too_big;
  if (i.remote.port == 0 || i.remote.address.family() != locals_[i.local].endpoint.address.family()) {
    return net::Drop::tx_unreachable;
  }
  return std::nullopt;
}

void MemoryPort::transmit(net::Burst& burst) {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  const bool keep = record_.load(std::memory_order_relaxed);
  for (net::Packet* p : burst) {
    if (const auto reason = reason_to_drop(p)) {
      counters_.dropped[static_cast<std::size_t>(*reason)].add();
      continue;
    }
    packets += 1;
    bytes += net::wire_size(p);
    if (keep) record(p);
  }
  counters_.sent_packets.add(packets);
  counters_.sent_bytes.add(bytes);
  counters_.sends.add(packets);
  rte_pktmbuf_free_bulk(burst.packets.data(), burst.size);
  burst.clear();
}

void MemoryPort::record(const net::Packet* p) {
  const net::PacketInfo& i = net::info(p);
  const auto body = net::payload(p);
  SentDatagram d{i.local, locals_[i.local].endpoint, i.remote, i.tos, (i.flags & net::PacketInfo::kDontFragment) != 0,
                 {}};
  d.bytes.reserve(net::wire_size(p));
  d.bytes.assign(i.lead.begin(), i.lead.begin() + i.lead_size);
  d.bytes.insert(d.bytes.end(), body.begin(), body.end());
  d.bytes.insert(d.bytes.end(), i.tail_size, 0);
  const std::lock_guard lock(mutex_);
  sent_.push_back(std::move(d));
}

tl::expected<net::LocalId, BindError> MemoryPort::bind(const net::Endpoint& local, BindOptions options) {
  const auto detached = reserve(local, options);
  if (!detached) return tl::unexpected(detached.error());
  return attach(*detached);
}

tl::expected<DetachedLocal, BindError> MemoryPort::reserve(const net::Endpoint& local, BindOptions options) {
  if (const auto opened = host_->open(local, options.shared); !opened) return tl::unexpected(opened.error());
  return DetachedLocal{local, options, 0};
}

// The lock is held.
tl::expected<net::LocalId, BindError> MemoryPort::take_place(const Local& local) {
  net::LocalId id = 0;
  if (!free_locals_.empty()) {
    id = free_locals_.back();
    free_locals_.pop_back();
  } else if (locals_.size() < options_.max_locals) {
    id = static_cast<net::LocalId>(locals_.size());
    locals_.emplace_back();
  } else {
    return tl::unexpected(BindError::no_resources);
  }
  locals_[id] = local;
  counters_.locals.add();
  return id;
}

tl::expected<net::LocalId, BindError> MemoryPort::attach(const DetachedLocal& detached) {
  const std::lock_guard lock(mutex_);
  const auto id = take_place({.endpoint = detached.endpoint, .bound = true});
  if (id) {
    by_endpoint_[detached.endpoint] = *id;
  } else {
    host_->close(detached.endpoint);
  }
  return id;
}

tl::expected<DetachedLocal, BindError> MemoryPort::lend(net::LocalId local) {
  if (!is_bound(local)) return tl::unexpected(BindError::no_address);
  return DetachedLocal{locals_[local].endpoint, {}, 0};
}

tl::expected<net::LocalId, BindError> MemoryPort::borrow(const DetachedLocal& lent) {
  const std::lock_guard lock(mutex_);
  return take_place({.endpoint = lent.endpoint, .bound = true, .borrowed = true});
}

void MemoryPort::discard(const DetachedLocal& detached) {
  host_->close(detached.endpoint);
}

void MemoryPort::unbind(net::LocalId local) {
  const std::lock_guard lock(mutex_);
  if (!is_bound(local)) return;
  // What has arrived and was not received yet goes with the socket.
  std::erase_if(arrivals_, [local](net::Packet* p) {
    if (net::info(p).local != local) return false;
    net::free(p);
    return true;
  });
  std::erase_if(icmp_errors_, [local](const IcmpError& error) { return error.local == local; });
  const net::Endpoint endpoint = locals_[local].endpoint;
  if (const auto found = by_endpoint_.find(endpoint); found != by_endpoint_.end() && found->second == local) {
    by_endpoint_.erase(found);
  }
  locals_[local].bound = false;
  free_locals_.push_back(local);
  counters_.locals.sub();
  if (!locals_[local].borrowed) host_->close(endpoint);
}

net::PathId MemoryPort::resolve(net::LocalId local, const net::Endpoint& remote) {
  if (!is_bound(local) || locals_[local].endpoint.address.family() != remote.address.family()) return net::kNoPath;
  return local;
}

std::size_t MemoryPort::take_icmp_errors(std::span<IcmpError> out) {
  const std::lock_guard lock(mutex_);
  const std::size_t n = std::min(out.size(), icmp_errors_.size());
  std::copy_n(icmp_errors_.begin(), n, out.begin());
  icmp_errors_.erase(icmp_errors_.begin(), icmp_errors_.begin() + static_cast<std::ptrdiff_t>(n));
  return n;
}

void MemoryPort::wait(std::uint64_t timeout_ns) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return woken_ || !arrivals_.empty() || !icmp_errors_.empty() || !templates_.empty(); };
  // Bounded so that the deadline cannot overflow the clock.
  const auto timeout = std::chrono::nanoseconds(std::min<std::uint64_t>(timeout_ns, 3'600'000'000'000));
  arrived_.wait_for(lock, timeout, ready);
  woken_ = false;
}

void MemoryPort::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  arrived_.notify_one();
}

void MemoryPort::inject_icmp_error(const IcmpError& error) {
  {
    const std::lock_guard lock(mutex_);
    if (icmp_errors_.size() < kMaxIcmpErrors) icmp_errors_.push_back(error);
  }
  arrived_.notify_one();
}

std::vector<SentDatagram> MemoryPort::take_sent() {
  const std::lock_guard lock(mutex_);
  return std::exchange(sent_, {});
}

net::LocalId MemoryPort::find(const net::Endpoint& local) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_endpoint_.find(local);
  return found == by_endpoint_.end() ? net::kNoLocal : found->second;
}

unsigned MemoryPort::packets_in_use() const {
  return pool_.in_use() + (template_pool_ ? template_pool_->in_use() : 0);
}

tl::expected<void, std::string> MemoryPort::present(std::span<const MemoryTemplate> templates, std::uint16_t room) {
  for (const MemoryTemplate& t : templates) {
    if (t.size > room || t.head_size > t.size || t.head_size > t.head.size()) {
      return tl::unexpected(fmt::format("a template of {} bytes with a head of {} does not fit {} bytes of room",
                                        t.size, t.head_size, room));
    }
  }
  if (!templates.empty()) {
    auto pool = net::PacketPool::create(unique_name("templates"), options_.packets, room);
    if (!pool) return tl::unexpected(pool.error());
    template_pool_.emplace(std::move(*pool));
  }
  templates_.assign(templates.begin(), templates.end());
  next_template_ = 0;
  return {};
}

}  // namespace penstock::port
