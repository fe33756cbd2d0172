#pragma once
// The port table of an imaginary host, which the memory ports of several workers share as real ones share the kernel's.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <tl/expected.hpp>
#include <unordered_map>

#include "dataplane/net/address.h"
#include "dataplane/port/port.h"

namespace penstock::port {

/// Who has which UDP port. Safe from any thread.
class MemoryHost {
 public:
  /// Says why an endpoint cannot be bound, or nothing when it can. Asked before the table is.
  using Refusal = std::function<std::optional<BindError>(const net::Endpoint&)>;

  /// From now on binds fail as `refusal` says; an empty function ends that.
  void refuse_when(Refusal refusal);
  /// Takes `endpoint` as another program would: binds of it are answered in_use until vacate().
  void occupy(const net::Endpoint& endpoint);
  void vacate(const net::Endpoint& endpoint) { close(endpoint); }

  /// Takes `endpoint` for a port. A second holder is let in only when both share it. Port 0 is no_resources.
  tl::expected<void, BindError> open(const net::Endpoint& endpoint, bool shared);
  /// Gives one holder's claim back.
  void close(const net::Endpoint& endpoint);

  /// Endpoints that somebody holds.
  std::size_t open_endpoints() const;

 private:
  struct Entry {
    std::uint32_t holders = 0;
    bool shared = false;
  };

  mutable std::mutex mutex_;
  std::unordered_map<net::Endpoint, Entry> entries_;
  Refusal refusal_;
};

}  // namespace penstock::port
