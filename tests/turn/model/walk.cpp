#include "tests/turn/model/walk.h"

#include <array>
#include <utility>

#include "dataplane/stun/bytes.h"
#include "tests/turn/model/cast.h"

namespace penstock::turn::test {

void Walk::step(Trial& trial) {
  using Action = void (Walk::*)(Trial&);
  static constexpr std::array<std::pair<std::uint32_t, Action>, 11> kActions = {{
      {20, &Walk::allocate},
      {8, &Walk::refresh},
      {14, &Walk::permit},
      {16, &Walk::bind},
      {14, &Walk::send},
      {14, &Walk::channel_data},
      {20, &Walk::from_peer},
      {6, &Walk::train},
      {12, &Walk::pass_time},
      {6, &Walk::disturb},
      {2, &Walk::reload},
  }};
  std::uint32_t sum = 0;
  for (const auto& [weight, action] : kActions) sum += weight;
  std::uint32_t at = below(sum);
  for (const auto& [weight, action] : kActions) {
    if (at < weight) return (this->*action)(trial);
    at -= weight;
  }
}

Payload Walk::data() {
  static constexpr std::array<std::uint32_t, 4> kMost = {5, 40, 300, 1400};
  Payload bytes(below(kMost[below(4)]));
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
  return bytes;
}

// Few numbers, so that they meet; now and then one that may not be bound.
std::uint16_t Walk::number() {
  static constexpr std::array<std::uint16_t, 4> kBad = {0x3fff, 0x8000, 0xffff, 0};
  if (one_in(12)) return kBad[below(4)];
  if (one_in(8)) return static_cast<std::uint16_t>(0x7ff8 + below(8));
  return static_cast<std::uint16_t>(0x4000 + below(7));
}

std::optional<std::uint32_t> Walk::lifetime() {
  static constexpr std::array<std::uint32_t, 7> kLifetimes = {1, 599, 600, 601, 1200, 3600, 0xffffffff};
  if (one_in(2)) return std::nullopt;
  return kLifetimes[below(7)];
}

// A peer, now and then one that is denied, or a relayed endpoint of this server, or near one.
net::Endpoint Walk::peer(const Trial& trial) {
  if (one_in(20)) return denied_peer(one_in(2) ? net::Family::v4 : net::Family::v6);
  if (one_in(30)) return {kRelay4, static_cast<std::uint16_t>(one_in(2) ? 22 : 20000 + below(4))};
  if (one_in(60)) return {any(trial.peers()).address, 0};
  if (one_in(4)) return relayed(trial);
  return any(trial.peers());
}

// Somebody's, also of an allocation that is over.
net::Endpoint Walk::relayed(const Trial& trial) {
  std::vector<net::Endpoint> all;
  for (const auto& [who, allocation] : trial.model().allocations()) {
    for (const auto& [family, endpoint] : allocation.relayed) all.push_back(endpoint);
  }
  return all.empty() ? net::Endpoint{kRelay4, 20000} : any(all);
}

std::optional<stun::ReservationToken> Walk::token(const Trial& trial) {
  std::vector<stun::ReservationToken> all;
  for (const auto& [token, reservation] : trial.model().reservations()) {
    if (trial.model().now < reservation.expires || one_in(4)) all.push_back(token);
  }
  if (all.empty() || one_in(6)) return stun::ReservationToken{static_cast<std::uint8_t>(below(3)), 0, 0, 1};
  return any(all);
}

void Walk::allocate(Trial& trial) {
  const std::size_t at = who(trial);
  if (one_in(6)) return trial.repeat_allocate(at);
  AllocateWish wish;
  wish.lifetime_s = one_in(12) ? std::optional(0U) : lifetime();
  wish.dont_fragment = one_in(6);
  wish.unknown_attribute = one_in(40);
  const auto family = [&] { return static_cast<std::uint8_t>(one_in(12) ? below(5) : 1 + below(2)); };
  if (one_in(40)) wish.transport.reset();
  if (one_in(40)) wish.transport = std::uint8_t{6};
  if (one_in(4)) wish.family = family();
  if (one_in(5)) wish.additional = one_in(5) ? family() : std::uint8_t{2};
  if (one_in(5)) wish.even_port = one_in(3) ? false : true;
  if (one_in(8)) wish.token = token(trial);
  // What excludes each other is mostly left away.
  if (wish.token && !one_in(8)) wish.family.reset(), wish.additional.reset(), wish.even_port.reset();
  if (wish.additional && !one_in(8)) wish.family.reset();
  trial.allocate(at, wish);
}

void Walk::refresh(Trial& trial) {
  const std::size_t at = who(trial);
  if (one_in(6)) return trial.repeat_last_refresh(at);
  std::optional<std::uint8_t> family;
  if (one_in(4)) family = static_cast<std::uint8_t>(one_in(8) ? below(5) : 1 + below(2));
  const std::size_t as = one_in(8) ? who(trial) : at;
  trial.refresh_as(at, as, one_in(3) ? std::optional(0U) : lifetime(), family);
}

void Walk::permit(Trial& trial) {
  std::vector<net::Endpoint> peers(one_in(30) ? 0 : 1 + below(one_in(4) ? 6 : 2));
  for (net::Endpoint& p : peers) p = peer(trial);
  const std::size_t at = who(trial);
  trial.permit_as(at, one_in(10) ? who(trial) : at, peers);
}

void Walk::bind(Trial& trial) {
  const std::size_t at = who(trial);
  const Model::Allocation* allocation = trial.model().find(trial.actors()[at].tuple);
  if (allocation != nullptr && !allocation->channels.empty() && one_in(3)) {
    // One that is there, or was: renewed, or bound otherwise.
    std::vector<std::pair<std::uint16_t, net::Endpoint>> all;
    for (const auto& [known, channel] : allocation->channels) all.emplace_back(known, channel.peer);
    const auto [known, bound] = any(all);
    return trial.bind(at, one_in(5) ? number() : known, one_in(5) ? peer(trial) : bound);
  }
  trial.bind(at, number(), peer(trial));
}

void Walk::send(Trial& trial) {
  trial.send(who(trial), peer(trial), data());
}

void Walk::channel_data(Trial& trial) {
  const std::uint16_t channel = number();
  if (channel < 0x4000 || channel > 0x7fff) return;
  trial.channel_data(who(trial), channel, data(), one_in(3) ? below(4) : 0);
}

void Walk::from_peer(Trial& trial) {
  const net::Endpoint to = relayed(trial);
  net::Endpoint from = any(trial.peers());
  if (one_in(16)) from.port = 9;
  if (from.address.family() != to.address.family()) return;
  if (one_in(10)) {
    return trial.icmp_error(to, from, static_cast<std::uint8_t>(one_in(2) ? 3 : below(13)),
                            static_cast<std::uint8_t>(below(16)));
  }
  trial.from_peer(to, from, data());
}

void Walk::train(Trial& trial) {
  Payload bytes = data();
  bytes.push_back(1);
  if (one_in(2)) {
    const std::size_t at = who(trial);
    std::vector<std::uint16_t> known = {static_cast<std::uint16_t>(0x4000 + below(7))};
    if (const Model::Allocation* allocation = trial.model().find(trial.actors()[at].tuple)) {
      for (const auto& [number, channel] : allocation->channels) known.push_back(number);
    }
    std::vector<std::uint16_t> numbers(2 + below(8), any(known));
    for (std::uint16_t& n : numbers) {
      if (one_in(3)) n = any(known);
    }
    bytes.resize(std::min<std::size_t>(bytes.size(), 1000));
    return trial.channel_train(at, numbers, bytes);
  }
  const net::Endpoint to = relayed(trial);
  const net::Endpoint from = any(trial.peers());
  if (from.address.family() != to.address.family()) return;
  trial.train_from_peer(to, from, bytes, static_cast<std::uint16_t>(1 + bytes.size() / (1 + below(6))));
}

// Often to just before, at or just after a moment at which something expires.
void Walk::pass_time(Trial& trial) {
  static constexpr std::array<std::uint32_t, 10> kSeconds = {1, 1, 5, 29, 60, 150, 299, 301, 599, 1800};
  const std::set<Nanoseconds> deadlines = trial.model().deadlines();
  if (deadlines.empty() || one_in(3)) {
    trial.advance(one_in(4) ? 1 + below(1'000'000'000) : kSeconds[below(10)] * kSecond);
    if (one_in(2)) return;
  } else {
    const std::vector<Nanoseconds> all(deadlines.begin(), deadlines.end());
    const Nanoseconds around[] = {0, 1, 2, kSecond};
    trial.advance_to(std::max(any(all) - 1 + around[below(4)], trial.model().now));
  }
  trial.probe();
}

void Walk::disturb(Trial& trial) {
  static constexpr std::array<stun::Method, 4> kMethods = {stun::Method::allocate, stun::Method::refresh,
                                                           stun::Method::create_permission, stun::Method::channel_bind};
  const std::size_t at = who(trial);
  if (one_in(4)) return trial.binding(at);
  if (one_in(3)) return trial.wrong_password(at, kMethods[below(4)]);
  Payload noise = data();
  // ChannelData over a number nobody binds, a message of a class no client sends, or neither.
  if (noise.size() >= 4 && one_in(2)) stun::store_be32(noise.data(), 0x7ff00000 | below(2000));
  if (noise.size() >= 20 && one_in(2)) {
    stun::store_be32(noise.data(), 0x01130000 | static_cast<std::uint32_t>(noise.size() - 20));
    stun::store_be32(&noise[4], 0x2112a442);
  }
  if (!noise.empty() && (noise[0] & 0xc0) == 0x40 && noise[0] != 0x7f) noise[0] |= 0x80;
  trial.noise(at, noise);
}

void Walk::reload(Trial& trial) {
  std::set<net::Address> denied;
  while (one_in(2)) denied.insert(any(trial.peers()).address);
  trial.deny(denied);
}

}  // namespace penstock::turn::test
