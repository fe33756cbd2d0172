#include "tests/turn/model/cast.h"

#include <array>

#include "turn/guard/base64.h"

namespace penstock::turn::test {
namespace {

constexpr std::string_view kSharedSecret = "a secret that the signaling server knows";

// Good until the year 2100, as signaling servers issue them.
Actor ephemeral(const std::string& name) {
  const std::string with_time = "4102444800:" + name;
  const stun::Sha1Digest mac = stun::HmacSha1(stun::bytes_of(kSharedSecret)).mac(stun::bytes_of(with_time));
  std::array<char, base64_size(sizeof mac)> text{};
  return {{}, 0, with_time, name, std::string(base64(mac, text))};
}

Actor known(const std::string& name) {
  return {{}, 0, name, name, "secret"};
}

net::Address v6(std::uint8_t last) {
  return {{0x26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}};
}

}  // namespace

std::vector<Actor> cast(std::uint16_t workers) {
  std::vector<Actor> actors = {known("ada"), known("ada"),       known("bob"),       known("bob"),
                               known("ada"), ephemeral("carol"), ephemeral("carol"), known("ada")};
  for (std::size_t i = 0; i < actors.size(); ++i) {
    const bool over_v6 = i == 3 || i == 6;
    const auto host = static_cast<std::uint8_t>(i + 1);
    const net::Address address = over_v6 ? v6(host) : net::Address::v4(0xc0000200 + host);  // 192.0.2.0/24
    actors[i].tuple = {{address, static_cast<std::uint16_t>(40000 + i)}, over_v6 ? kListen6 : kListen4};
    actors[i].worker = static_cast<std::uint16_t>(i % workers);
  }
  return actors;
}

std::vector<net::Endpoint> cast_of_peers() {
  std::vector<net::Endpoint> peers;
  for (const std::uint16_t port : {std::uint16_t{5000}, std::uint16_t{5001}}) {
    for (const std::uint32_t host : {0x09090909U, 0x08080808U, 0x08080404U, 0x01010101U, 0x01000001U}) {
      peers.push_back({net::Address::v4(host), port});
    }
    peers.push_back({v6(0x99), port});
    peers.push_back({v6(0x9a), port});
  }
  return peers;
}

net::Endpoint denied_peer(net::Family family) {
  if (family == net::Family::v4) return {net::Address::v4(0x0a000001), 5000};  // 10.0.0.1
  return {{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 5000};     // fe80::1
}

BedOptions stage(const TrialOptions& options) {
  BedOptions bed;
  bed.seed = options.seed;
  bed.workers = options.workers;
  bed.packets = 511;
  bed.answer_packets = 255;
  bed.fixed.port_max = static_cast<std::uint16_t>(bed.fixed.port_min + options.ports - 1);
  bed.fixed.allocations_per_worker = 32;
  bed.fixed.permissions_per_worker = 128;
  bed.fixed.channels_per_worker = 128;
  bed.settings.secrets = {{std::string(kSharedSecret)}};
  bed.settings.user_limits.allocations = Trial::kUserAllocations;
  bed.settings.total_limits.allocations = Trial::kTotalAllocations;
  bed.settings.allocation_limits.permissions = Trial::kPermissions;
  bed.settings.allocation_limits.channels = Trial::kChannels;
  return bed;
}

ModelLimits limits_of(const BedOptions& options) {
  ModelLimits limits;
  for (const RelayAddress& relay : options.fixed.relay_addresses) limits.relay_addresses.insert(relay.advertised);
  limits.port_min = options.fixed.port_min;
  limits.port_max = options.fixed.port_max;
  limits.user_allocations = options.settings.user_limits.allocations;
  limits.total_allocations = options.settings.total_limits.allocations;
  limits.permissions = options.settings.allocation_limits.permissions;
  limits.channels = options.settings.allocation_limits.channels;
  limits.lifetime_default_s = options.settings.allocation_limits.lifetime_default_s;
  limits.lifetime_max_s = options.settings.allocation_limits.lifetime_max_s;
  return limits;
}

}  // namespace penstock::turn::test
