#pragma once
// Which peers may be reached through the relay. Checked at CreatePermission, ChannelBind and Send, and again for live
// permissions when a reload brings a new policy (RFC 8656 sections 5 and 21.1.4).

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/net/prefix_table.h"
#include "turn/settings.h"

namespace penstock::turn {

enum class PeerVerdict : std::uint8_t {
  deny,
  allow,
  relayed_only,  ///< one of our own relay addresses: its relayed ports may be reached (hairpin), its services may not,
                 ///< unless a configured rule allows the address
};

/// Immutable; one per reload, shared by the workers read-only.
///
/// The longest prefix decides. For one and the same prefix: a configured deny, a configured allow, our own relay
/// addresses, then what is built in: the appliance's own addresses and the special-purpose blocks. An address that no
/// rule covers is allowed. Rules for IPv6 prefixes say nothing about IPv4, not even ::/0.
///
/// IPv6 has many ways to write an IPv4 address: mapped, compatible, translated, 6to4, NAT64. A host or a router on the
/// way may turn any of them into that IPv4 destination, so such an address must be allowed twice: as it is written, and
/// as the IPv4 address it stands for.
class PeerPolicy {
 public:
  /// `settings.peers` and `settings.own_addresses` are used. Of the relay addresses both forms are known: the bound
  /// one, and the advertised one that other clients of this server give as their peer.
  PeerPolicy(const Settings& settings, const FixedSettings& fixed);

  /// For a permission, which covers all ports of an address. Some tens of nanoseconds: keep the answer with it.
  PeerVerdict check(const net::Address& peer) const;

  /// For a packet: what `check` said about the address, and the port. Port 0 is never reached.
  bool permits(PeerVerdict verdict, std::uint16_t port) const {
    if (verdict == PeerVerdict::allow) return port != 0;
    return verdict == PeerVerdict::relayed_only && port >= port_min_ && port <= port_max_;
  }
  bool permits(const net::Endpoint& peer) const { return permits(check(peer.address), peer.port); }

  std::size_t size_bytes() const { return table_.size_bytes(); }

 private:
  net::PrefixTable table_;
  std::uint16_t port_min_;
  std::uint16_t port_max_;
};

/// Denied before anything is configured: what is not a public unicast address (IANA's special-purpose registries,
/// RFC 6890), and the 6to4, Teredo and NAT64 local-use blocks that tunnel to one that may not be.
std::span<const net::Prefix> denied_by_default();

/// The IPv4 address an IPv6 address stands for; itself if it does not. What net::canonical resolves, and the rest of
/// ::/96 (RFC 4291 section 2.5.5.1) but :: and ::1, and ::ffff:0:0:0/96 (RFC 2765 section 2.1).
net::Address embedded_ipv4(const net::Address& address);

}  // namespace penstock::turn
