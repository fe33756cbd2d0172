#include "bench/load/allocations/table_port.h"

#include <algorithm>
#include <cassert>

namespace penstock::load {

TablePort::TablePort(const std::vector<net::Address>& addresses, std::uint32_t locals) : locals_(locals) {
  for (const net::Address& address : addresses) {
    addresses_.push_back({address, std::vector<net::LocalId>(std::size_t{1} << 16, net::kNoLocal)});
  }
  free_.reserve(locals);
  while (locals != 0) free_.push_back(--locals);
  departed_.reserve(2 * net::kBurstCapacity);
}

TablePort::~TablePort() {
  for (net::Packet* p : arriving_) rte_pktmbuf_free(p);
  for (net::Packet* p : departed_) rte_pktmbuf_free(p);
}

void TablePort::receive(net::Burst& burst) {
  for (net::Packet* p : arriving_) burst.push(p);
  counters_.received_packets.add(arriving_.size);
  arriving_.clear();
}

void TablePort::transmit(net::Burst& burst) {
  departed_.insert(departed_.end(), burst.begin(), burst.end());
  counters_.sent_packets.add(burst.size);
  burst.clear();
}

// Nothing for an address that is not this host's.
net::LocalId* TablePort::slot(const net::Endpoint& endpoint) {
  const auto at = std::ranges::find(addresses_, endpoint.address, &Address::address);
  return at == addresses_.end() ? nullptr : &at->by_port[endpoint.port];
}

tl::expected<net::LocalId, port::BindError> TablePort::bind(const net::Endpoint& local, port::BindOptions options) {
  const auto detached = reserve(local, options);
  return detached ? attach(*detached) : tl::unexpected(detached.error());
}

void TablePort::unbind(net::LocalId local) {
  net::LocalId* entry = slot(locals_[local]);
  assert(entry != nullptr && *entry == local);
  *entry = net::kNoLocal;
  free_.push_back(local);
  counters_.locals.sub();
}

tl::expected<port::DetachedLocal, port::BindError> TablePort::reserve(const net::Endpoint& local,
                                                                      port::BindOptions options) {
  const net::LocalId* entry = slot(local);
  if (entry == nullptr) return tl::unexpected(port::BindError::no_address);
  if (*entry != net::kNoLocal) return tl::unexpected(port::BindError::in_use);
  return port::DetachedLocal{local, options, 0};
}

tl::expected<net::LocalId, port::BindError> TablePort::attach(const port::DetachedLocal& detached) {
  if (free_.empty()) return tl::unexpected(port::BindError::no_resources);
  const net::LocalId id = free_.back();
  free_.pop_back();
  locals_[id] = detached.endpoint;
  *slot(detached.endpoint) = id;
  counters_.locals.add();
  return id;
}

}  // namespace penstock::load
