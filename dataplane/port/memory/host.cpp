#include "dataplane/port/memory/host.h"

#include <utility>

namespace penstock::port {

void MemoryHost::refuse_when(Refusal refusal) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(refusal);
}

void MemoryHost::occupy(const net::Endpoint& endpoint) {
  const std::lock_guard lock(mutex_);
  entries_[endpoint].holders += 1;
}

tl::expected<void, BindError> MemoryHost::open(const net::Endpoint& endpoint, bool shared) {
  const std::lock_guard lock(mutex_);
  if (endpoint.port == 0) return tl::unexpected(BindError::no_resources);
  if (refusal_) {
    if (const auto error = refusal_(endpoint)) return tl::unexpected(*error);
  }
  Entry& entry = entries_[endpoint];
  if (entry.holders != 0 && !(entry.shared && shared)) return tl::unexpected(BindError::in_use);
  entry.holders += 1;
  entry.shared = shared;
  return {};
}

void MemoryHost::close(const net::Endpoint& endpoint) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(endpoint);
  if (found == entries_.end()) return;
  if (--found->second.holders == 0) entries_.erase(found);
}

std::size_t MemoryHost::open_endpoints() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace penstock::port
