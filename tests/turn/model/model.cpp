#include "tests/turn/model/model.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::turn::test {
namespace {

constexpr Nanoseconds kSecondNs = 1'000'000'000;
// Section 9: 300 seconds; section 12: 10 minutes; section 7.2: a reservation lasts at least 30 seconds, here just so.
constexpr Nanoseconds kPermission = 300 * kSecondNs;
constexpr Nanoseconds kChannel = 600 * kSecondNs;
constexpr Nanoseconds kReservation = 30 * kSecondNs;
// Section 12 grants 0x4000 to 0x4fff. RFC 5766 granted all up to 0x7fff, clients in use ask for it, and so this server
// grants it on purpose.
constexpr std::uint16_t kFirstNumber = 0x4000;
constexpr std::uint16_t kLastNumber = 0x7fff;
// How long what has expired may still count in a gauge or against a quota: an allocation until its timer's next tick,
// permissions and channels until their allocation is looked at, once a minute.
constexpr Nanoseconds kTidyAllocation = 200'000'000;
constexpr Nanoseconds kTidyTables = 61 * kSecondNs;

std::optional<net::Family> family_of(std::uint8_t wire) {
  if (wire == 1) return net::Family::v4;
  if (wire == 2) return net::Family::v6;
  return std::nullopt;
}

Nanoseconds earlier(Nanoseconds now, Nanoseconds by) {
  return now > by ? now - by : 0;
}

}  // namespace

std::string to_string(const Delivery& d) {
  constexpr const char* kForms[] = {"datagram", "ChannelData", "Data indication", "ICMP indication"};
  std::string text =
      fmt::format("{} {} -> {}", kForms[static_cast<int>(d.form)], net::to_string(d.from), net::to_string(d.to));
  if (d.number != 0) text += fmt::format(" number {:#x}", d.number);
  if (d.peer.port != 0) text += fmt::format(" about {}", net::to_string(d.peer));
  return text + fmt::format(" {} bytes", d.bytes.size());
}

const Model::Allocation* Model::find(const ClientTuple& who) const {
  const auto found = allocations_.find(who);
  return found != allocations_.end() && is_live(found->second) ? &found->second : nullptr;
}

std::uint32_t Model::granted_s(std::optional<std::uint32_t> asked_s) const {
  const std::uint32_t wanted = std::min(asked_s.value_or(0), limits_.lifetime_max_s);
  return std::max(wanted, limits_.lifetime_default_s);
}

Model::Bounds Model::allocations_of(const std::string* user) const {
  Bounds bounds;
  for (const auto& [who, allocation] : allocations_) {
    if (user != nullptr && allocation.user != *user) continue;
    bounds.least += allocation.expires > now;
    bounds.most += allocation.expires > earlier(now, kTidyAllocation);
  }
  return bounds;
}

// A reserved port counts as an allocation.
Model::Bounds Model::charged_to(const std::string* user) const {
  Bounds bounds = allocations_of(user);
  for (const auto& [token, reservation] : reservations_) {
    if (user != nullptr && reservation.user != *user) continue;
    bounds.least += reservation.expires > now;
    bounds.most += reservation.expires > earlier(now, kTidyAllocation);
  }
  return bounds;
}

std::set<net::Endpoint> Model::taken_ports(Nanoseconds then) const {
  std::set<net::Endpoint> taken;
  for (const auto& [who, allocation] : allocations_) {
    for (const auto& [family, endpoint] : allocation.relayed) {
      if (allocation.expires > then) taken.insert(endpoint);
    }
  }
  for (const auto& [token, reservation] : reservations_) {
    if (reservation.expires > now) taken.insert(reservation.endpoint);
  }
  return taken;
}

// Whether a port can be had: any; an even one; an even one with the next.
Model::Ports Model::ports(net::Family family, std::optional<bool> even) const {
  const auto available = [&](const std::set<net::Endpoint>& taken) {
    for (const net::Address& address : limits_.relay_addresses) {
      if (address.family() != family) continue;
      for (std::uint32_t port = limits_.port_min; port <= limits_.port_max; ++port) {
        const auto free = [&](std::uint32_t p) {
          return p <= limits_.port_max && !taken.contains({address, static_cast<std::uint16_t>(p)});
        };
        if (!free(port) || (even && port % 2 != 0)) continue;
        if (!even.value_or(false) || free(port + 1)) return true;
      }
    }
    return false;
  };
  if (available(taken_ports(earlier(now, kTidyAllocation)))) return Ports::free;
  return available(taken_ports(now)) ? Ports::maybe : Ports::none;
}

// Section 7.2.
Codes Model::allocate(const ClientTuple& who, const std::string& user, const AllocateWish& wish) const {
  Codes errors;
  if (wish.unknown_attribute) errors.insert(420);
  if (find(who) != nullptr) errors.insert(437);
  if (errors.contains(437)) return errors;
  if (!wish.transport) errors.insert(400);
  if (wish.transport && *wish.transport != 17) errors.insert(442);
  if (wish.token && (wish.even_port || wish.family || wish.additional)) errors.insert(400);
  if (wish.family && wish.additional) errors.insert(400);
  if (wish.family && !family_of(*wish.family)) errors.insert(440);
  if (wish.additional && !family_of(*wish.additional)) errors.insert(440);
  if (wish.additional && *wish.additional == 1) errors.insert(400);
  if (wish.additional && wish.even_port.value_or(false)) errors.insert(400);
  if (!errors.empty()) return errors;
  if (draining) return {508};

  Codes codes;
  bool possible = true;
  const std::size_t wanted = wish.even_port.value_or(false) ? 2 : 1;
  const auto limit = [&](const Bounds& bounds, std::size_t most, int code) {
    if (bounds.most + wanted > most) codes.insert(code);
    possible = possible && bounds.least + wanted <= most;
  };
  // Who has reserved a port has paid for it.
  const auto reserved = wish.token ? reservations_.find(*wish.token) : reservations_.end();
  if (reserved == reservations_.end() || reserved->second.user != user) {
    limit(charged_to(&user), limits_.user_allocations, 486);
    limit(charged_to(nullptr), limits_.total_allocations, 508);
  }
  Ports found = Ports::free;
  if (wish.token) {
    if (reserved == reservations_.end() || now >= reserved->second.expires) found = Ports::none;
  } else {
    found = ports(family_of(wish.family.value_or(1)).value(), wish.even_port);
    // One of two families is success enough.
    if (wish.additional) found = std::min(found, ports(net::Family::v6, wish.even_port));
  }
  if (found != Ports::free) codes.insert(508);
  if (possible && found != Ports::none) codes.insert(0);
  return codes;
}

std::string Model::allocated(const ClientTuple& who, const std::string& user, const AllocateWish& wish,
                             const std::vector<net::Endpoint>& relayed, std::optional<stun::ReservationToken> token) {
  const std::set<net::Endpoint> taken = taken_ports(now);
  Allocation allocation{user, now + granted_s(wish.lifetime_s) * kSecondNs, {}, {}, {}};
  for (const net::Endpoint& endpoint : relayed) {
    const net::Family family = endpoint.address.family();
    if (!limits_.relay_addresses.contains(endpoint.address)) return "a relayed address that is not ours";
    if (endpoint.port < limits_.port_min || endpoint.port > limits_.port_max) return "a port out of range";
    if (wish.even_port && endpoint.port % 2 != 0) return "an odd port in spite of EVEN-PORT";
    if (!wish.token && taken.contains(endpoint)) return "a relayed endpoint that somebody has";
    if (!allocation.relayed.emplace(family, endpoint).second) return "two relayed addresses of one family";
  }
  if (wish.token) {
    const net::Endpoint reserved = reservations_.at(*wish.token).endpoint;
    if (relayed != std::vector{reserved}) return "another endpoint than was reserved";
    reservations_.erase(*wish.token);
  } else if (wish.additional) {
    for (const net::Family family : {net::Family::v4, net::Family::v6}) {
      const Ports found = ports(family, wish.even_port);
      if (found == Ports::free && !allocation.relayed.contains(family)) return "a family is missing";
    }
    if (allocation.relayed.empty()) return "no relayed address";
  } else if (relayed.size() != 1 || relayed[0].address.family() != family_of(wish.family.value_or(1))) {
    return "not one relayed address of the family asked for";
  }
  if (token.has_value() != wish.even_port.value_or(false)) return "a token where none was due, or none where one was";
  if (token) {
    const net::Endpoint next{relayed[0].address, static_cast<std::uint16_t>(relayed[0].port + 1)};
    if (taken.contains(next)) return "a reserved endpoint that somebody has";
    if (!reservations_.emplace(*token, Reservation{user, next, now + kReservation}).second) return "a token used twice";
  }
  allocations_.insert_or_assign(who, std::move(allocation));
  return {};
}

// Section 8.2.
Codes Model::refresh(const ClientTuple& who, const std::string& user, std::optional<std::uint8_t> family) const {
  const Allocation* allocation = find(who);
  if (allocation == nullptr) return {437};
  if (allocation->user != user) return {441};
  if (!family) return {0};
  const auto known = family_of(*family);
  return known && allocation->relayed.contains(*known) ? Codes{0} : Codes{443};
}

void Model::refreshed(const ClientTuple& who, std::optional<std::uint32_t> lifetime_s,
                      std::optional<std::uint8_t> family) {
  Allocation& allocation = at(who);
  if (lifetime_s != 0U) {
    allocation.expires = now + granted_s(lifetime_s) * kSecondNs;
    return;
  }
  if (!family || allocation.relayed.size() == 1) {
    allocations_.erase(who);
    return;
  }
  const net::Family gone = *family_of(*family);
  allocation.relayed.erase(gone);
  std::erase_if(allocation.permissions, [&](const auto& p) { return p.first.family() == gone; });
  std::erase_if(allocation.channels, [&](const auto& c) { return c.second.peer.address.family() == gone; });
}

std::optional<int> Model::wrong_peer(const Allocation& allocation, const net::Address& peer) const {
  if (!allocation.relayed.contains(peer.family())) return 443;
  if (denied.contains(peer)) return 403;
  return std::nullopt;
}

std::size_t Model::permissions_with(const Allocation& allocation, const std::vector<net::Endpoint>& peers) const {
  std::set<net::Address> all;
  for (const auto& [address, expires] : allocation.permissions) {
    if (now < expires) all.insert(address);
  }
  for (const net::Endpoint& peer : peers) all.insert(peer.address);
  return all.size();
}

// Section 10.2: all or nothing.
Codes Model::create_permission(const ClientTuple& who, const std::string& user,
                               const std::vector<net::Endpoint>& peers) const {
  const Allocation* allocation = find(who);
  if (allocation == nullptr) return {437};
  if (allocation->user != user) return {441};
  Codes errors;
  if (peers.empty()) errors.insert(400);
  for (const net::Endpoint& peer : peers) {
    if (const auto wrong = wrong_peer(*allocation, peer.address)) errors.insert(*wrong);
  }
  if (!errors.empty()) return errors;
  return permissions_with(*allocation, peers) > limits_.permissions ? Codes{508} : Codes{0};
}

void Model::permission_created(const ClientTuple& who, const std::vector<net::Endpoint>& peers) {
  for (const net::Endpoint& peer : peers) at(who).permissions[peer.address] = now + kPermission;
}

// Section 12.2.
Codes Model::channel_bind(const ClientTuple& who, const std::string& user, std::uint16_t number,
                          const net::Endpoint& peer) const {
  const Allocation* allocation = find(who);
  if (allocation == nullptr) return {437};
  if (allocation->user != user) return {441};
  Codes errors;
  if (number < kFirstNumber || number > kLastNumber || peer.port == 0) errors.insert(400);
  if (const auto wrong = wrong_peer(*allocation, peer.address)) errors.insert(*wrong);
  // Of our own addresses nothing but relayed ports may be reached.
  const bool relayed_port = peer.port >= limits_.port_min && peer.port <= limits_.port_max;
  if (limits_.relay_addresses.contains(peer.address) && !relayed_port) errors.insert(403);
  std::size_t live = 0;
  bool bound = false;
  for (const auto& [other, channel] : allocation->channels) {
    if (now >= channel.expires) continue;
    ++live;
    bound = bound || (other == number && channel.peer == peer);
    if ((other == number) != (channel.peer == peer)) errors.insert(400);
  }
  if (!errors.empty()) return errors;
  const bool full = permissions_with(*allocation, {peer}) > limits_.permissions || (!bound && live >= limits_.channels);
  return full ? Codes{508} : Codes{0};
}

void Model::channel_bound(const ClientTuple& who, std::uint16_t number, const net::Endpoint& peer) {
  Allocation& allocation = at(who);
  std::erase_if(allocation.channels, [&](const auto& c) { return c.second.peer == peer; });
  allocation.channels[number] = {peer, now + kChannel};
  allocation.permissions[peer.address] = now + kPermission;
}

// To a peer; to one that is a relayed endpoint of this server, as if it had arrived there from ours.
std::vector<Delivery> Model::relay(const Allocation& allocation, const net::Endpoint& peer,
                                   const Payload& bytes) const {
  const net::Endpoint& source = allocation.relayed.at(peer.address.family());
  if (limits_.relay_addresses.contains(peer.address)) return from_peer(peer, source, bytes);
  return {{source, peer, Delivery::Form::plain, 0, {}, bytes}};
}

// Section 11.2.
std::vector<Delivery> Model::send_indication(const ClientTuple& who, const net::Endpoint& peer,
                                             const Payload& bytes) const {
  const Allocation* allocation = find(who);
  if (allocation == nullptr || peer.port == 0 || !allocation->relayed.contains(peer.address.family())) return {};
  const auto permission = allocation->permissions.find(peer.address);
  if (permission == allocation->permissions.end() || now >= permission->second) return {};
  return relay(*allocation, peer, bytes);
}

// Section 12.6: a binding is enough, no permission is asked for.
std::vector<Delivery> Model::channel_data(const ClientTuple& who, std::uint16_t number, const Payload& bytes) const {
  const Allocation* allocation = find(who);
  if (allocation == nullptr) return {};
  const auto channel = allocation->channels.find(number);
  if (channel == allocation->channels.end() || now >= channel->second.expires) return {};
  return relay(*allocation, channel->second.peer, bytes);
}

// Section 11.3. On purpose not to the letter: it asks for a permission even where a channel is bound, and a ChannelBind
// permits for 300 s of its 600. Clients in use renew channels alone and later than that, coturn and pion let the bound
// peer through, and so does this server.
std::vector<Delivery> Model::from_peer(const net::Endpoint& relayed, const net::Endpoint& peer,
                                       const Payload& bytes) const {
  for (const auto& [who, allocation] : allocations_) {
    const auto own = allocation.relayed.find(relayed.address.family());
    if (!is_live(allocation) || own == allocation.relayed.end() || own->second != relayed) continue;
    for (const auto& [number, channel] : allocation.channels) {
      if (channel.peer != peer || now >= channel.expires) continue;
      return {{who.server, who.client, Delivery::Form::channel_data, number, {}, bytes}};
    }
    const auto permission = allocation.permissions.find(peer.address);
    if (permission == allocation.permissions.end() || now >= permission->second) return {};
    return {{who.server, who.client, Delivery::Form::data_indication, 0, peer, bytes}};
  }
  return {};
}

// Section 11.5: unreachable and time exceeded, for IPv6 packet too big as well, about a peer with a permission.
std::vector<Delivery> Model::icmp_error(const net::Endpoint& relayed, const net::Endpoint& peer, std::uint8_t type,
                                        std::uint8_t code) const {
  const bool v4 = peer.address.is_v4();
  const bool told = v4 ? type == 3 || type == 11 : type >= 1 && type <= 3;
  for (const auto& [who, allocation] : allocations_) {
    const auto own = allocation.relayed.find(relayed.address.family());
    if (!is_live(allocation) || own == allocation.relayed.end() || own->second != relayed) continue;
    const auto permission = allocation.permissions.find(peer.address);
    if (!told || permission == allocation.permissions.end() || now >= permission->second) return {};
    const auto number = static_cast<std::uint16_t>(type << 8 | code);
    return {{who.server, who.client, Delivery::Form::icmp, number, peer, {}}};
  }
  return {};
}

void Model::deny(const std::set<net::Address>& addresses) {
  denied = addresses;
  for (auto& [who, allocation] : allocations_) {
    std::erase_if(allocation.permissions, [&](const auto& p) { return denied.contains(p.first); });
    std::erase_if(allocation.channels, [&](const auto& c) { return denied.contains(c.second.peer.address); });
  }
}

void Model::end_drain() {
  draining = true;
  allocations_.clear();
}

Model::Bounds Model::live_allocations() const {
  return allocations_of(nullptr);
}

Model::Bounds Model::live_permissions() const {
  Bounds bounds;
  for (const auto& [who, allocation] : allocations_) {
    for (const auto& [address, expires] : allocation.permissions) {
      bounds.least += is_live(allocation) && expires > now;
      bounds.most += allocation.expires > earlier(now, kTidyAllocation) && expires > earlier(now, kTidyTables);
    }
  }
  return bounds;
}

Model::Bounds Model::live_channels() const {
  Bounds bounds;
  for (const auto& [who, allocation] : allocations_) {
    for (const auto& [number, channel] : allocation.channels) {
      bounds.least += is_live(allocation) && channel.expires > now;
      bounds.most += allocation.expires > earlier(now, kTidyAllocation) && channel.expires > earlier(now, kTidyTables);
    }
  }
  return bounds;
}

std::set<Nanoseconds> Model::deadlines() const {
  std::set<Nanoseconds> all;
  for (const auto& [who, allocation] : allocations_) {
    all.insert(allocation.expires);
    for (const auto& [address, expires] : allocation.permissions) all.insert(expires);
    for (const auto& [number, channel] : allocation.channels) all.insert(channel.expires);
  }
  for (const auto& [token, reservation] : reservations_) all.insert(reservation.expires);
  all.erase(all.begin(), all.upper_bound(now));
  return all;
}

}  // namespace penstock::turn::test
