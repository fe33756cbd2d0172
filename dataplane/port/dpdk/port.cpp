#include "dataplane/port/dpdk/port.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace penstock::port {
namespace {

std::uint64_t monotonic_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace

tl::expected<std::unique_ptr<DpdkPort>, std::string> DpdkPort::create(DpdkHost& host, std::uint16_t worker) {
  auto view = host.mirror().create_view();
  if (!view) return tl::unexpected(view.error());
  std::unique_ptr<DpdkPort> port(new DpdkPort(host, worker, std::move(*view)));
  if (auto ready = port->set_up(); !ready) return tl::unexpected(ready.error());
  return port;
}

DpdkPort::DpdkPort(DpdkHost& host, std::uint16_t worker, std::unique_ptr<ForwardingView> view)
    : host_(host),
      worker_(worker),
      endpoints_(host.options().max_locals),
      shared_(LocalTable::kMostShared, net::kNoLocal),
      view_(std::move(view)),
      rest_(host, worker) {}

tl::expected<void, std::string> DpdkPort::set_up() {
  const ReassemblyLimits limits{.datagrams = host_.options().reassemblies};
  auto reassembly = Reassembly::create(fmt::format("fragments-{}", worker_), limits, fragment_drops_);
  if (!reassembly) return tl::unexpected(reassembly.error());
  reassembly_ = std::move(*reassembly);
  sender_ = std::make_unique<DpdkSender>(host_, worker_, endpoints_, *view_, icmp_errors_, path_mtus_, counters_);
  receiver_ = std::make_unique<DpdkReceiver>(host_, worker_, endpoints_, shared_, *reassembly_, icmp_errors_,
                                             path_mtus_, *sender_, counters_);
  return {};
}

DpdkPort::~DpdkPort() {
  for (net::LocalId id = 0; id < endpoints_.size(); ++id) unbind(id);
}

void DpdkPort::receive(net::Burst& burst) {
  now_ns_ = monotonic_ns();
  const bool changed = view_->refresh();
  bool any = receiver_->receive(burst, now_ns_);
  any |= sender_->advance(changed, now_ns_);
  reassembly_->expire(now_ns_);
  account_fragments();
  if (any) rest_.was_busy();
}

// A datagram that was never made whole enters the balance when it fails.
void DpdkPort::account_fragments() {
  const ReassemblyCounters& pieces = reassembly_->counters();
  counters_.fragments.set(pieces.fragments.get());
  counters_.fragment_duplicates.set(pieces.duplicates.get());
  counters_.reassembled.set(pieces.datagrams.get());
  counters_.in_pieces.set(pieces.pending.get());
  for (const net::Drop reason :
       {net::Drop::fragment_timeout, net::Drop::fragment_overflow, net::Drop::fragment_malformed}) {
    const auto i = static_cast<std::size_t>(reason);
    const std::uint64_t news = fragment_drops_[i].get() - counters_.dropped[i].get();
    if (news == 0) continue;
    counters_.dropped[i].add(news);
    counters_.received_packets.add(news);
  }
}

void DpdkPort::transmit(net::Burst& burst) {
  sender_->transmit(burst, now_ns_);
}

void DpdkPort::wait(std::uint64_t timeout_ns) {
  // Held packets ask for a look now and then.
  rest_.rest(sender_->held() == 0 ? timeout_ns : std::min<std::uint64_t>(timeout_ns, 5'000'000), *view_);
}

tl::expected<net::LocalId, BindError> DpdkPort::bind(const net::Endpoint& local, BindOptions options) {
  if (!options.shared) {
    const auto detached = reserve(local, options);
    return detached ? attach(*detached) : tl::unexpected(detached.error());
  }
  const auto number = host_.locals().share(local);
  if (!number) return tl::unexpected(number.error());
  const Slot slot = host_.locals().slot(local);
  auto id = take_place(local, slot, options);
  if (id) shared_[*number] = *id;
  return id;
}

tl::expected<DetachedLocal, BindError> DpdkPort::reserve(const net::Endpoint& local, BindOptions options) {
  return host_.locals().reserve(local).map([&](Slot slot) { return DetachedLocal{local, options, slot}; });
}

tl::expected<net::LocalId, BindError> DpdkPort::attach(const DetachedLocal& detached) {
  const auto slot = static_cast<Slot>(detached.handle);
  auto id = take_place(detached.endpoint, slot, detached.options);
  if (id) host_.locals().assign(slot, static_cast<std::uint8_t>(worker_), *id);
  return id;
}

// On failure the slot is given up.
tl::expected<net::LocalId, BindError> DpdkPort::take_place(const net::Endpoint& local, Slot slot, BindOptions options) {
  const net::LocalId id = endpoints_.take();
  if (id == net::kNoLocal) {
    host_.locals().release(slot);
    return tl::unexpected(BindError::no_resources);
  }
  endpoints_[id] = {local, slot, true, options.icmp_errors, !local.address.is_v4()};
  counters_.locals.add();
  return id;
}

tl::expected<DetachedLocal, BindError> DpdkPort::lend(net::LocalId local) {
  const LocalEndpoint* endpoint = endpoints_.find(local);
  if (endpoint == nullptr) return tl::unexpected(BindError::no_address);
  return DetachedLocal{endpoint->endpoint, {}, kNoSlot};
}

// An address to send from; what arrives there belongs to the slot's owner.
tl::expected<net::LocalId, BindError> DpdkPort::borrow(const DetachedLocal& lent) {
  const net::LocalId id = endpoints_.take();
  if (id == net::kNoLocal) return tl::unexpected(BindError::no_resources);
  endpoints_[id] = {lent.endpoint, kNoSlot, true, false, !lent.endpoint.address.is_v4()};
  counters_.locals.add();
  return id;
}

void DpdkPort::discard(const DetachedLocal& detached) {
  host_.locals().release(static_cast<Slot>(detached.handle));
}

void DpdkPort::unbind(net::LocalId local) {
  if (endpoints_.find(local) == nullptr) return;
  if (const Slot slot = endpoints_[local].slot; slot != kNoSlot) {  // not borrowed
    const Owner owner = host_.locals().owner(slot);
    if (owner.kind == Owner::Kind::shared) shared_[owner.local] = net::kNoLocal;  // the others may keep it
    host_.locals().release(slot);
  }
  endpoints_.give_back(local);
  counters_.locals.sub();
}

net::PathId DpdkPort::resolve(net::LocalId local, const net::Endpoint& remote) {
  const LocalEndpoint* endpoint = endpoints_.find(local);
  if (endpoint == nullptr || endpoint->v6 == remote.address.is_v4()) return net::kNoPath;
  return view_->resolve(endpoint->endpoint.address, remote.address);
}

}  // namespace penstock::port
