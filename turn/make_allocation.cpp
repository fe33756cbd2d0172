#include "turn/make_allocation.h"

#include <algorithm>
#include <optional>

#include "dataplane/engine/clock.h"
#include "turn/flows.h"
#include "turn/timers.h"

namespace penstock::turn {
namespace {

using stun::Error;

// The relayed ports of a new allocation.
struct Ports {
  BoundPort first;
  BoundPort second;                  // with ADDITIONAL-ADDRESS-FAMILY
  std::optional<ReservedPort> odd;   // with EVEN-PORT and the R bit
  std::optional<PortError> missing;  // one of two families could not be had ...
  net::Family missing_family{};      // ... this one
};

Error code(PortError error) {
  return error == PortError::family_not_served ? Error::address_family_not_supported : Error::insufficient_capacity;
}

tl::expected<BoundPort, PortError> bind_one(Core& core, const AllocateRequest& wish, net::Family family) {
  return wish.even_port ? core.ports.bind_even(family) : core.ports.bind(family);
}

// RFC 8656 section 7.2: with ADDITIONAL-ADDRESS-FAMILY, one family is success enough.
tl::expected<Ports, Error> bind_both(Core& core, const AllocateRequest& wish) {
  const auto v4 = bind_one(core, wish, net::Family::v4);
  const auto v6 = bind_one(core, wish, net::Family::v6);
  if (!v4 && !v6) return tl::unexpected(code(v4.error()));
  Ports ports;
  ports.first = v4 ? *v4 : *v6;
  if (v4 && v6) ports.second = *v6;
  if (!v4) ports.missing = v4.error();
  if (!v6) ports.missing = v6.error();
  ports.missing_family = v4 ? net::Family::v6 : net::Family::v4;
  return ports;
}

tl::expected<Ports, Error> bind_pair(Core& core, net::Family family) {
  if (core.reservations.full()) return tl::unexpected(Error::insufficient_capacity);
  const auto pair = core.ports.bind_pair(family);
  if (!pair) return tl::unexpected(code(pair.error()));
  Ports ports;
  ports.first = pair->even;
  ports.odd = pair->odd;
  return ports;
}

tl::expected<Ports, Error> bind_ports(Core& core, const PendingAllocate& p) {
  const AllocateRequest& wish = p.request;
  if (wish.and_v6) return bind_both(core, wish);
  if (wish.reserve_next) return bind_pair(core, wish.family);
  const auto bound = wish.has_token ? core.ports.attach(p.reserved) : bind_one(core, wish, wish.family);
  if (!bound) return tl::unexpected(code(bound.error()));
  Ports ports;
  ports.first = *bound;
  return ports;
}

void unbind(Core& core, const Ports& ports) {
  core.ports.unbind(ports.first);
  if (ports.second) core.ports.unbind(ports.second);
  if (ports.odd) core.ports.discard(*ports.odd);
}

bool add_ports(Core& core, std::uint32_t index, const Ports& ports) {
  if (!core.allocations.add_port(index, ports.first)) return false;
  if (!ports.second || core.allocations.add_port(index, ports.second)) return true;
  core.allocations.remove_port(index, ports.first);
  return false;
}

void start(Core& core, std::uint32_t index, const PendingAllocate& p, const Ports& ports) {
  Allocation& allocation = core.allocations[index];
  allocation.client = p.answer_to.client.remote;
  allocation.listener = p.answer_to.client.local;
  allocation.client_path = p.answer_to.path;
  allocation.live_until(core.now_ns + p.request.lifetime_s * engine::kNsPerS);
  allocation.state = AllocationState::live;
  engine::Flow& flow = describe(core.flows[p.flow], FlowKind::client, index);
  flow.path = allocation.client_path;

  AllocationFacts& facts = core.allocations.facts(index);
  facts.created_ns = core.now_ns;
  facts.static_user = p.authentication.who.expires_unix_s == 0;
  facts.answer.transaction_id = p.answer_to.transaction_id;
  facts.answer.lifetime_s = p.request.lifetime_s;
  if (ports.missing) {
    facts.answer.address_error = static_cast<std::uint16_t>(code(*ports.missing));
    facts.answer.address_error_family = ports.missing_family;
  }
  if (ports.odd) {
    facts.answer.token = core.reservations.add({*ports.odd, p.authentication.who.user}, core.now_ns, core.random);
    facts.answer.has_token = true;
  }
  core.stats.allocations.add();
  watch(core, index);
}

}  // namespace

tl::expected<std::uint32_t, Error> make_allocation(Core& core, const PendingAllocate& p) {
  const auto give_up = [&](Error error) {
    if (p.request.has_token) core.ports.discard(p.reserved);
    return tl::unexpected(error);
  };
  if (core.draining) return give_up(Error::insufficient_capacity);
  const std::uint32_t index = core.allocations.take();
  if (index == kNone) return give_up(Error::insufficient_capacity);
  const std::uint32_t share = core.shares.acquire(p.authentication.who.user, p.name());
  if (share == kNone) {
    core.allocations.give(index);
    return give_up(Error::insufficient_capacity);
  }
  auto ports = bind_ports(core, p);  // takes the reserved port over in every case
  if (ports && !add_ports(core, index, *ports)) {
    unbind(core, *ports);
    ports = tl::unexpected(Error::insufficient_capacity);
  }
  if (!ports) {
    core.shares.release(share);
    core.allocations.give(index);
    return tl::unexpected(ports.error());
  }
  core.allocations[index].share = share;
  start(core, index, p, *ports);
  return index;
}

}  // namespace penstock::turn
