#include "dataplane/port/dpdk/local_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace penstock::port {

tl::expected<std::unique_ptr<LocalTable>, std::string> LocalTable::create(std::span<const net::Address> addresses) {
  std::vector<net::Address> sorted(addresses.begin(), addresses.end());
  std::ranges::sort(sorted);
  const auto [first, last] = std::ranges::unique(sorted);
  sorted.erase(first, last);
  if (sorted.size() > kMostAddresses) {
    return tl::unexpected(
        fmt::format("{} local addresses are more than the {} that DPDK ports serve", sorted.size(), kMostAddresses));
  }
  return std::unique_ptr<LocalTable>(new LocalTable(std::move(sorted)));
}

LocalTable::LocalTable(std::vector<net::Address> addresses)
    : addresses_(std::move(addresses)), entries_(addresses_.size() * kPorts) {
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    std::size_t b = bucket(addresses_[i]);
    while (buckets_[b] != 0) b = (b + 1) % kBuckets;
    buckets_[b] = static_cast<std::uint16_t>(i + 1);
  }
}

tl::expected<Slot, BindError> LocalTable::reserve(const net::Endpoint& e) {
  const Slot s = slot(e);
  if (s == kNoSlot) return tl::unexpected(BindError::no_address);
  std::uint32_t free = 0;
  if (!entry(s).compare_exchange_strong(free, pack(kReservedBy, 0), std::memory_order_acq_rel)) {
    return tl::unexpected(BindError::in_use);
  }
  return s;
}

void LocalTable::assign(Slot slot, std::uint8_t worker, net::LocalId local) {
  entry(slot).store(pack(worker + 1U, local), std::memory_order_release);
  for (EndpointFilter* filter : filters_) filter->open(address_of(slot), port_of(slot));
}

tl::expected<std::uint32_t, BindError> LocalTable::share(const net::Endpoint& e) {
  const Slot s = slot(e);
  if (s == kNoSlot) return tl::unexpected(BindError::no_address);
  const std::lock_guard lock(sharing_);
  const Owner now = owner(s);
  if (now.kind == Owner::Kind::shared) {
    ++sharers_[now.local];
    return now.local;
  }
  const auto unused = std::ranges::find(sharers_, 0U);
  if (unused == sharers_.end()) return tl::unexpected(BindError::no_resources);
  const auto number = static_cast<std::uint32_t>(unused - sharers_.begin());
  std::uint32_t free = 0;
  if (!entry(s).compare_exchange_strong(free, pack(kSharedBy, number), std::memory_order_acq_rel)) {
    return tl::unexpected(BindError::in_use);
  }
  *unused = 1;
  for (EndpointFilter* filter : filters_) filter->open(address_of(s), port_of(s));
  return number;
}

void LocalTable::release(Slot slot) {
  const Owner now = owner(slot);
  if (now.kind == Owner::Kind::nobody) return;
  std::unique_lock lock(sharing_, std::defer_lock);
  if (now.kind == Owner::Kind::shared) {
    lock.lock();  // until the slot is free, or somebody could join what is about to go
    if (--sharers_[now.local] > 0) return;
  }
  for (EndpointFilter* filter : filters_) filter->close(address_of(slot), port_of(slot));
  entry(slot).store(0, std::memory_order_release);
}

}  // namespace penstock::port
