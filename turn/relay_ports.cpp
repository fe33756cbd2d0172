#include "turn/relay_ports.h"

#include <algorithm>

namespace penstock::turn {
namespace {

constexpr std::uint32_t even_from(std::uint32_t port) {
  return (port + 1) & ~1U;
}

}  // namespace

RelayPorts::RelayPorts(RelayDirectory& directory, Host& host, Random& random, net::Counter& in_use_retries,
                       std::uint16_t worker, std::uint16_t workers)
    : directory_(directory),
      host_(host),
      random_(random),
      in_use_retries_(in_use_retries),
      worker_(static_cast<std::uint8_t>(worker)),
      all_{directory.port_min(), directory.port_min() + directory.ports()} {
  to_close_.reserve(kMostToClose);
  own_ = slice_of(all_.begin, all_.end - 1, worker, workers);
  for (std::size_t i = 0; i < directory.addresses().size(); ++i) {
    const bool v6 = directory.addresses()[i].address.family() == net::Family::v6;
    by_family_[v6].push_back(static_cast<std::uint8_t>(i));
  }
}

bool RelayPorts::claim(const Wish& wish, RelayPort port) {
  for (std::uint32_t i = 0; i < wish.row; ++i) {
    const RelayPort member{static_cast<std::uint16_t>(port.port + i), port.address};
    if (directory_.owner(member) == RelayDirectory::kFree && directory_.claim(member, worker_)) continue;
    release({wish.family, wish.step, i}, port);
    return false;
  }
  return true;
}

void RelayPorts::release(const Wish& wish, RelayPort port) {
  for (std::uint32_t i = 0; i < wish.row; ++i) {
    directory_.release({static_cast<std::uint16_t>(port.port + i), port.address});
  }
}

// A few ports of the own slice at random: the usual case, and hard to predict (RFC 6056).
bool RelayPorts::probe(const Wish& wish, RelayPort& out) {
  const std::uint32_t first = wish.step == 2 ? even_from(own_.begin) : own_.begin;
  if (first + wish.row > own_.end) return false;
  const std::uint32_t choices = (own_.end - first - wish.row) / wish.step + 1;
  const auto& addresses = of(wish.family);
  for (unsigned i = 0; i < kRandomProbes; ++i) {
    const std::uint8_t address = addresses[random_.below(static_cast<std::uint32_t>(addresses.size()))];
    out = {static_cast<std::uint16_t>(first + random_.below(choices) * wish.step), address};
    if (claim(wish, out)) return true;
  }
  return false;
}

// The ports of a slice, from a random one on.
bool RelayPorts::scan(const Wish& wish, const PortSlice& slice, RelayPort& out) {
  const std::uint32_t first = wish.step == 2 ? even_from(slice.begin) : slice.begin;
  if (first + wish.row > slice.end) return false;
  const std::uint32_t choices = (slice.end - first - wish.row) / wish.step + 1;
  const std::uint32_t start = random_.below(choices);
  const auto& addresses = of(wish.family);
  const std::uint32_t start_address = random_.below(static_cast<std::uint32_t>(addresses.size()));
  std::uint32_t looks = kMostLooks;
  for (std::size_t n = 0; n < addresses.size(); ++n) {
    const std::uint8_t address = addresses[(start_address + n) % addresses.size()];
    if (directory_.claimed(address) + wish.row > directory_.ports()) continue;
    for (std::uint32_t i = 0; i < choices; ++i) {
      if (looks-- == 0) return false;
      const std::uint32_t choice = start + i < choices ? start + i : start + i - choices;
      out = {static_cast<std::uint16_t>(first + choice * wish.step), address};
      if (claim(wish, out)) return true;
    }
  }
  return false;
}

bool RelayPorts::claim_any(const Wish& wish, RelayPort& out) {
  return probe(wish, out) || scan(wish, own_, out) || scan(wish, all_, out);
}

template <class Bind>
tl::expected<BoundPort, PortError> RelayPorts::bind_first(const Wish& wish, Bind&& bind) {
  if (!serves(wish.family)) return tl::unexpected(PortError::family_not_served);
  for (unsigned i = 0; i < kMostBinds; ++i) {
    RelayPort port;
    if (!claim_any(wish, port)) break;
    const tl::expected<net::LocalId, port::BindError> local = bind(port);
    if (local) return BoundPort{port, *local};
    release(wish, port);
    if (local.error() != port::BindError::in_use) break;
    in_use_retries_.add();
  }
  return tl::unexpected(PortError::none_left);
}

tl::expected<BoundPort, PortError> RelayPorts::bind(net::Family family) {
  return bind_first({family}, [&](RelayPort port) { return host_.bind(directory_.bound(port)); });
}

tl::expected<BoundPort, PortError> RelayPorts::bind_even(net::Family family) {
  return bind_first({family, 2}, [&](RelayPort port) { return host_.bind(directory_.bound(port)); });
}

tl::expected<RelayPorts::Pair, PortError> RelayPorts::bind_pair(net::Family family) {
  ReservedPort odd;
  auto even = bind_first({family, 2, 2}, [&](RelayPort port) -> tl::expected<net::LocalId, port::BindError> {
    odd.port = {static_cast<std::uint16_t>(port.port + 1), port.address};
    auto detached = host_.reserve(directory_.bound(odd.port));
    if (!detached) return tl::unexpected(detached.error());
    odd.detached = *detached;
    auto local = host_.bind(directory_.bound(port));
    if (!local) host_.discard(odd.detached);
    return local;
  });
  if (!even) return tl::unexpected(even.error());
  return Pair{*even, odd};
}

void RelayPorts::unbind(const BoundPort& bound) {
  host_.silence(bound.local);
  if (to_close_.size() == kMostToClose) close_unbound();
  to_close_.push_back(bound);
}

void RelayPorts::close_unbound() {
  for (const BoundPort& bound : to_close_) {
    host_.unbind(bound.local);
    directory_.release(bound.port);
  }
  to_close_.clear();
}

tl::expected<BoundPort, PortError> RelayPorts::attach(const ReservedPort& reserved) {
  directory_.assign(reserved.port, worker_);
  auto local = host_.attach(reserved.detached);
  if (local) return BoundPort{reserved.port, *local};
  directory_.release(reserved.port);
  return tl::unexpected(PortError::none_left);
}

void RelayPorts::discard(const ReservedPort& reserved) {
  host_.discard(reserved.detached);
  directory_.release(reserved.port);
}

}  // namespace penstock::turn
