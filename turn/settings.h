#pragma once
// What the TURN service is told by control. Two kinds: fixed at start (sizes, addresses), and reloadable (users,
// secrets, policy, limits), which a reload replaces as a whole. Plain data; control fills it from the configuration.

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/net/address.h"

namespace penstock::turn {

/// An address that allocations are made on.
struct RelayAddress {
  net::Address address;     ///< bound on this host
  net::Address advertised;  ///< what clients and peers see; differs behind a 1:1 NAT
};

/// Fixed for the life of the process.
struct FixedSettings {
  std::vector<net::Endpoint> listen;          ///< concrete addresses
  std::vector<RelayAddress> relay_addresses;  ///< tried in random order within a family
  std::uint16_t port_min = 10000;             ///< relayed ports, both ends included
  std::uint16_t port_max = 32767;             ///< default stays below the ephemeral range (32768-60999)
  std::uint32_t allocations_per_worker = 65536;
  std::uint32_t permissions_per_worker = 262144;
  std::uint32_t channels_per_worker = 131072;
};

struct StaticUser {
  std::string name;
  std::string password;
};

/// Shared-secret ("REST API") credentials: user name "EXPIRY[:NAME]", password base64(HMAC(secret, user name)).
/// Both HMAC-SHA1, as everybody issues them, and HMAC-SHA256 are accepted.
struct SharedSecret {
  std::string secret;
};

struct PeerRule {
  net::Prefix prefix;
  bool allow = false;
};

struct UserLimits {
  std::uint32_t allocations = 0;         ///< per user, 0: no limit
  std::uint64_t to_peer_bits_per_s = 0;  ///< IP payload, client to peer; 0: no limit
  std::uint64_t to_client_bits_per_s = 0;
  std::uint64_t to_peer_packets_per_s = 0;
  std::uint64_t to_client_packets_per_s = 0;
};

struct TotalLimits {
  std::uint32_t allocations = 0;  ///< all workers, 0: what the tables hold
  std::uint64_t bits_per_s = 0;   ///< both directions of everybody together
  std::uint64_t packets_per_s = 0;
};

struct AllocationLimits {
  std::uint32_t permissions = 64;
  std::uint32_t channels = 64;
  std::uint32_t lifetime_default_s = 600;
  std::uint32_t lifetime_max_s = 3600;
};

/// Answers to what anybody may send: 401, 438, Binding. Token buckets per source prefix.
struct AnswerRateLimits {
  std::uint32_t per_v4_address_per_s = 100;  ///< per /32; Binding and renewed nonces: four times as many
  std::uint32_t per_v6_network_per_s = 200;  ///< per /64
  std::uint32_t burst_s = 2;                 ///< a bucket holds this many seconds' worth
};

/// Replaced as a whole by SIGHUP.
struct Settings {
  std::string realm = "penstock";
  std::vector<StaticUser> users;
  std::vector<SharedSecret> secrets;
  std::vector<PeerRule> peers;              ///< on top of the built-in deny list; longest prefix wins, deny on a tie
  std::vector<net::Address> own_addresses;  ///< the appliance's management addresses: denied as peers
  UserLimits user_limits;
  TotalLimits total_limits;
  AllocationLimits allocation_limits;
  AnswerRateLimits answer_rates;
  std::uint32_t nonce_lifetime_s = 600;
  std::string software;  ///< SOFTWARE in Binding and error-free answers; empty: not sent
};

}  // namespace penstock::turn
