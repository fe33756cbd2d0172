#include "control/config/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <set>

namespace penstock::control {
namespace {

class Checker {
 public:
  Checker(const Config& config, const Origins& origins, Problems& problems)
      : config_(config), origins_(origins), problems_(problems) {}

  void listen() {
    std::set<net::Endpoint> seen;
    for (net::Endpoint e : config_.listen.addresses) {
      if (e.port == 0) e.port = config_.listen.port;
      if (!seen.insert(e).second) report("listen.addresses", fmt::format("{} is there twice", net::to_string(e)));
      if (is_multicast(e.address)) {
        report("listen.addresses", fmt::format("{} is a multicast address", net::to_string(e.address)));
      }
    }
  }

  void relay() {
    const RelaySection& relay = config_.relay;
    if (relay.port_min > relay.port_max) {
      report(origin("relay.port_min").empty() ? "relay.port_max" : "relay.port_min",
             fmt::format("port_min ({}) is above port_max ({})", relay.port_min, relay.port_max));
    }
    if (relay.addresses.size() > kMostRelayAddresses) {
      report("relay.addresses", fmt::format("{} are more than {}", relay.addresses.size(), kMostRelayAddresses));
    }
    std::set<net::Address> seen;
    for (const turn::RelayAddress& a : relay.addresses) {
      if (!seen.insert(a.address).second) {
        report("relay.addresses", fmt::format("{} is there twice", net::to_string(a.address)));
      }
      for (const net::Address& side : {a.address, a.advertised}) {
        if (side.is_unspecified() || is_multicast(side)) {
          report("relay.addresses", fmt::format("{} is not the address of a host", net::to_string(side)));
        }
      }
    }
  }

  void auth() {
    const AuthSection& auth = config_.auth;
    if (auth.users.empty() && auth.secrets.empty() && !config_.http.enabled()) {
      report("auth.users", "nobody could allocate: add --user NAME:PASSWORD or --secret SECRET, or set auth.users");
    }
    if (auth.realm.empty() || auth.realm.size() > kMaxRealm) {
      report("auth.realm", fmt::format("must have from 1 to {} bytes (RFC 8489 section 14.9)", kMaxRealm));
    }
    std::set<std::string_view> names;
    for (const turn::StaticUser& user : auth.users) {
      if (!names.insert(user.name).second) report("auth.users", fmt::format("user '{}' is there twice", user.name));
    }
  }

  void peers() {
    const PeersSection& peers = config_.peers;
    for (const net::Prefix& p : peers.allow) {
      if (std::ranges::find(peers.deny, p) != peers.deny.end()) {
        report("peers.deny", fmt::format("{} is allowed and denied", net::to_string(p)));
      }
    }
  }

  void limits() {
    const turn::AllocationLimits& allocation = config_.limits.allocation;
    if (allocation.lifetime_max_s < allocation.lifetime_default_s) {
      report(origin("limits.lifetime_max_s").empty() ? "limits.lifetime_default_s" : "limits.lifetime_max_s",
             fmt::format("lifetime_max_s ({}) is below lifetime_default_s ({})", allocation.lifetime_max_s,
                         allocation.lifetime_default_s));
    }
    if (allocation.permissions > config_.dataplane.permissions) {
      report("limits.allocation_permissions", "is more than dataplane.permissions, which all allocations share");
    }
    if (allocation.channels > config_.dataplane.channels) {
      report("limits.allocation_channels", "is more than dataplane.channels, which all allocations share");
    }
  }

  void answers() {
    if (config_.answers.software.size() > kMaxRealm) {
      report("answers.software", fmt::format("has more than {} bytes (RFC 8489 section 14.14)", kMaxRealm));
    }
  }

  void dataplane() {
    if (!std::has_single_bit(config_.dataplane.slabs)) {
      report("dataplane.slabs", fmt::format("{} is not a power of two; take {}", config_.dataplane.slabs,
                                            std::bit_ceil(config_.dataplane.slabs)));
    }
  }

  void ports() {
    const std::vector<PortChoice>& ports = config_.dataplane.ports;
    const auto is_uring = [](const PortChoice& p) { return !p.device; };
    if (ports.size() > 1 && std::ranges::any_of(ports, is_uring)) {
      report("dataplane.ports", "uring stands alone: sockets and DPDK devices do not mix in one process");
    }
    if (ports.size() > kMostDevices) {
      report("dataplane.ports", fmt::format("{} devices are more than {}", ports.size(), kMostDevices));
    }
    std::set<std::string_view> seen;
    for (const PortChoice& p : ports) {
      if (p.device && !seen.insert(p.device->arguments).second) {
        report("dataplane.ports", fmt::format("dpdk:{} is there twice", p.device->arguments));
      }
    }
  }

  void http() {
    const HttpSection& http = config_.http;
    if (http.tls_certificate.empty() != http.tls_key.empty()) {
      report(http.tls_key.empty() ? "http.tls_certificate" : "http.tls_key", "certificate and key go together");
    }
    if (!http.tls_client_ca.empty() && http.tls_certificate.empty()) {
      report("http.tls_client_ca", "needs tls_certificate and tls_key");
    }
    if (config_.media.certificate.empty() != config_.media.key.empty()) {
      report(config_.media.key.empty() ? "media.certificate" : "media.key", "certificate and key go together");
    }
    for (const turn::SharedSecret& token : http.tokens) {
      if (token.secret.size() < kLeastToken) {
        report("http.tokens", fmt::format("a token has fewer than {} characters", kLeastToken));
      }
    }
    for (const turn::SharedSecret& secret : http.whip_secrets) {
      if (secret.secret.size() < kLeastWhipSecret) {
        report("http.whip_secrets",
               fmt::format("a secret has fewer than {} bytes (RFC 7518 section 3.2)", kLeastWhipSecret));
      }
    }
    if (http.demo && !http.whip_secrets.empty()) {
      report("http.demo", "serves WHIP and WHEP without tokens, and whip_secrets asks for them: choose one");
    }
    for (const net::Endpoint& e : http.endpoints()) {
      const bool proof = !http.tokens.empty() || !http.tls_client_ca.empty();
      if (is_loopback(e.address) || http.demo || (!http.tls_certificate.empty() && proof)) continue;
      report("http.listen", fmt::format("{} is open to others: it needs tls_certificate and tls_key, and tokens or "
                                        "tls_client_ca",
                                        net::to_string(e)));
    }
  }

  void workers(const std::vector<std::uint32_t>& allowed) {
    const WorkersSection& workers = config_.workers;
    std::set<std::uint32_t> seen;
    for (const std::uint32_t core : workers.cores) {
      if (!seen.insert(core).second) report("workers.cores", fmt::format("core {} is there twice", core));
      if (std::ranges::find(allowed, core) == allowed.end()) {
        report("workers.cores",
               fmt::format("this process may not run on core {}; allowed: {}", core, fmt::join(allowed, ", ")));
      }
    }
    const std::size_t cores = workers.cores.empty() ? allowed.size() : workers.cores.size();
    if (workers.count > cores) {
      report("workers.count", fmt::format("{} workers need as many cores, and there are {}", workers.count, cores));
    }
  }

 private:
  // Realm and software name: fewer than 128 characters, which can be as long as 763 bytes.
  static constexpr std::size_t kMaxRealm = 763;
  static constexpr std::size_t kMostDevices = 16;
  static constexpr std::size_t kLeastToken = 16;
  static constexpr std::size_t kLeastWhipSecret = 32;

  static bool is_loopback(const net::Address& a) {
    return a.is_v4() ? a.v4_host_order() >> 24 == 127 : a.high() == 0 && a == net::parse_address("::1").value();
  }
  static bool is_multicast(const net::Address& a) {
    return a.is_v4() ? a.v4_host_order() >> 28 == 0xe : a.bytes[0] == 0xff;
  }
  std::string origin(std::string_view key) const {
    const auto found = origins_.find(key);
    return found == origins_.end() ? "" : found->second;
  }
  void report(std::string_view key, const std::string& reason) {
    problems_.push_back({origin(key), fmt::format("{}: {}", key, reason)});
  }

  const Config& config_;
  const Origins& origins_;
  Problems& problems_;
};

}  // namespace

void check_config(const Config& config, const Origins& origins, const std::vector<std::uint32_t>& allowed_cores,
                  Problems& problems) {
  Checker checker(config, origins, problems);
  checker.listen();
  checker.relay();
  checker.auth();
  checker.peers();
  checker.limits();
  checker.answers();
  checker.dataplane();
  checker.ports();
  checker.http();
  checker.workers(allowed_cores);
}

}  // namespace penstock::control
