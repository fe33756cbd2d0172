#include "turn/guard/peer_policy.h"

#include <array>

#include "dataplane/stun/bytes.h"

namespace penstock::turn {
namespace {

constexpr net::Prefix v4(std::uint32_t host_order, unsigned length) {
  return {net::Address::v4(host_order), static_cast<std::uint8_t>(96 + length)};
}
constexpr net::Prefix v6(std::array<std::uint16_t, 3> groups, unsigned length) {
  net::Prefix prefix{{}, static_cast<std::uint8_t>(length)};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    prefix.address.bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    prefix.address.bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i]);
  }
  return prefix;
}
constexpr net::Address kLoopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

constexpr std::array kDeniedByDefault{
    v4(0x00000000, 8),                 // 0/8: this network
    v4(0x0a000000, 8),                 // 10/8: private
    v4(0x64400000, 10),                // 100.64/10: carrier-grade NAT
    v4(0x7f000000, 8),                 // 127/8: loopback
    v4(0xa9fe0000, 16),                // 169.254/16: link-local, clouds' metadata services
    v4(0xac100000, 12),                // 172.16/12: private
    v4(0xc0000000, 24),                // 192.0.0/24: IETF protocol assignments
    v4(0xc0000200, 24),                // 192.0.2/24: documentation
    v4(0xc01fc400, 24),                // 192.31.196/24: AS112
    v4(0xc034c100, 24),                // 192.52.193/24: AMT
    v4(0xc0586300, 24),                // 192.88.99/24: 6to4 relays
    v4(0xc0a80000, 16),                // 192.168/16: private
    v4(0xc0af3000, 24),                // 192.175.48/24: AS112
    v4(0xc6120000, 15),                // 198.18/15: benchmarking
    v4(0xc6336400, 24),                // 198.51.100/24: documentation
    v4(0xcb007100, 24),                // 203.0.113/24: documentation
    v4(0xe0000000, 4),                 // 224/4: multicast
    v4(0xf0000000, 4),                 // 240/4: reserved, broadcast
    net::Prefix{{}, 128},              // ::
    net::Prefix{kLoopback, 128},       // ::1
    v6({0x0064, 0xff9b, 1}, 48),       // 64:ff9b:1::/48: NAT64, local use
    v6({0x0100, 0, 0}, 64),            // 100::/64: discard
    v6({0x2001, 0, 0}, 23),            // 2001::/23: IETF protocol assignments, Teredo among them
    v6({0x2001, 0x0db8, 0}, 32),       // 2001:db8::/32: documentation
    v6({0x2002, 0, 0}, 16),            // 2002::/16: 6to4
    v6({0x2620, 0x004f, 0x8000}, 48),  // 2620:4f:8000::/48: AS112
    v6({0x3fff, 0, 0}, 20),            // 3fff::/20: documentation
    v6({0x5f00, 0, 0}, 16),            // 5f00::/16: segment routing
    v6({0xfc00, 0, 0}, 7),             // fc00::/7: unique local
    v6({0xfe80, 0, 0}, 10),            // fe80::/10: link-local
    v6({0xfec0, 0, 0}, 10),            // fec0::/10: site-local, of old
    v6({0xff00, 0, 0}, 8),             // ff00::/8: multicast
};

constexpr net::PrefixTable::Value value(PeerVerdict verdict) {
  return static_cast<net::PrefixTable::Value>(verdict);
}

/// Our own relay address: its services are off limits, unless a configured rule opens the address to clients.
PeerVerdict own_relay_verdict(const std::vector<PeerRule>& configured, const net::Address& relay) {
  int longest = -1;
  bool allow = false;
  for (const PeerRule& rule : configured) {
    if (!rule.prefix.contains(relay) || rule.prefix.length < longest) continue;
    const bool tie = rule.prefix.length == longest;
    allow = rule.allow && (allow || !tie);  // deny on a tie
    longest = rule.prefix.length;
  }
  return allow ? PeerVerdict::allow : PeerVerdict::relayed_only;
}

/// Weakest first: of several rules for one prefix the table keeps the last.
std::vector<net::PrefixTable::Rule> rules(const Settings& settings, const FixedSettings& fixed) {
  std::vector<net::PrefixTable::Rule> rules;
  rules.reserve(1 + kDeniedByDefault.size() + settings.own_addresses.size() + 2 * fixed.relay_addresses.size() +
                settings.peers.size());
  // All of IPv4, lest a rule for ::/0 reach it.
  rules.push_back({v4(0, 0), value(PeerVerdict::allow)});
  for (const net::Prefix& prefix : kDeniedByDefault) rules.push_back({prefix, value(PeerVerdict::deny)});
  for (const net::Address& own : settings.own_addresses) {
    rules.push_back({{embedded_ipv4(own), 128}, value(PeerVerdict::deny)});
  }
  for (const RelayAddress& relay : fixed.relay_addresses) {
    for (const net::Address& own : {relay.address, relay.advertised}) {
      rules.push_back({{own, 128}, value(own_relay_verdict(settings.peers, own))});
    }
  }
  for (const bool allow : {true, false}) {
    for (const PeerRule& rule : settings.peers) {
      if (rule.allow == allow) rules.push_back({rule.prefix, value(allow ? PeerVerdict::allow : PeerVerdict::deny)});
    }
  }
  return rules;
}

}  // namespace

std::span<const net::Prefix> denied_by_default() {
  return kDeniedByDefault;
}

net::Address embedded_ipv4(const net::Address& address) {
  if (address.is_v4()) return address;
  if (address.high() != 0) return net::canonical(address);
  const std::uint32_t third = stun::load_be32(&address.bytes[8]);
  const std::uint32_t last = stun::load_be32(&address.bytes[12]);
  const bool compatible = third == 0 && last > 1;  // :: and ::1 are themselves
  const bool translated = third == 0xffff0000;
  return compatible || translated ? net::Address::v4(last) : address;
}

PeerPolicy::PeerPolicy(const Settings& settings, const FixedSettings& fixed)
    : table_(rules(settings, fixed), value(PeerVerdict::allow)), port_min_(fixed.port_min), port_max_(fixed.port_max) {}

PeerVerdict PeerPolicy::check(const net::Address& peer) const {
  const auto as_written = static_cast<PeerVerdict>(table_.find(peer));
  if (as_written != PeerVerdict::allow || peer.is_v4()) return as_written;
  const net::Address target = embedded_ipv4(peer);
  if (target == peer) return as_written;
  // Not by hairpin either: for that our address has to be written as it is.
  return static_cast<PeerVerdict>(table_.find(target)) == PeerVerdict::allow ? PeerVerdict::allow : PeerVerdict::deny;
}

}  // namespace penstock::turn
