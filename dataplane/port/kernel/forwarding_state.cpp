#include "dataplane/port/kernel/forwarding_state.h"

#include <algorithm>

namespace penstock::port {

ForwardingState::ForwardingState() {
  publish_next(std::make_shared<const RouteTable>(std::vector<Route>{}));
}

ForwardingState::Reader* ForwardingState::join() {
  for (Reader& reader : readers_) {
    if (!reader.taken.exchange(true, std::memory_order_acq_rel)) return &reader;
  }
  return nullptr;
}

void ForwardingState::leave(Reader& reader) {
  reader.looks_at.store(nullptr);
  reader.seen.store(kIdle);
  reader.taken.store(false, std::memory_order_release);
}

// A hazard pointer: announced first, then checked to be still current. Either collect() sees the announcement, or we
// see that there is something newer (all of it seq_cst, as both sides write and then read).
const Routing& ForwardingState::look(Reader& reader) {
  if (reader.seen.load(std::memory_order_relaxed) == kIdle) reader.seen.store(0);
  const std::uint64_t publication = published_.load();
  const Routing* routing = current_.load();
  for (;;) {
    reader.looks_at.store(routing);
    const Routing* const newest = current_.load();
    if (newest == routing) break;
    routing = newest;
  }
  reader.seen.store(publication);
  return *routing;
}

void ForwardingState::publish(RouteTable table) {
  publish_next(std::make_shared<const RouteTable>(std::move(table)));
}

void ForwardingState::move_version() {
  publish_next(current_.load(std::memory_order_relaxed)->table);
}

void ForwardingState::publish_next(std::shared_ptr<const RouteTable> table) {
  const Routing* const before = current_.load(std::memory_order_relaxed);
  const std::uint32_t version = before == nullptr ? 0 : (before->version + 1) % Path::kVersions;
  routings_.push_back(std::make_unique<const Routing>(Routing{version, std::move(table)}));
  current_.store(routings_.back().get());
  published_.fetch_add(1);
  touch();
}

void ForwardingState::retire(HopIndex index) {
  hops.retire(index);
  // What comes with the next publication; whoever has seen that holds no path to this hop any more.
  retired_.emplace_back(index, published_.load(std::memory_order_relaxed) + 1);
}

bool ForwardingState::looked_at(const Routing* routing) const {
  return std::ranges::any_of(readers_, [&](const Reader& r) { return r.looks_at.load() == routing; });
}

bool ForwardingState::all_have_seen(std::uint64_t publication) const {
  return published_.load(std::memory_order_relaxed) >= publication &&
         std::ranges::all_of(readers_, [&](const Reader& r) { return r.seen.load() >= publication; });
}

void ForwardingState::collect() {
  const Routing* const current = current_.load(std::memory_order_relaxed);
  std::erase_if(routings_, [&](const auto& r) { return r.get() != current && !looked_at(r.get()); });
  std::erase_if(retired_, [&](const auto& retired) {
    if (!all_have_seen(retired.second)) return false;
    hops.release(retired.first);
    return true;
  });
}

}  // namespace penstock::port
