#pragma once
// RFC 8656's state in the plainest form: maps that are searched from end to end. Written from the RFC, not from the
// service, which it judges: the only numbers it is told are the configured limits. Where the service departs from the
// RFC on purpose, the comment here says so.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dataplane/net/address.h"
#include "tests/turn/model/allocate_wish.h"

namespace penstock::turn::test {

using Nanoseconds = std::uint64_t;
using Payload = std::vector<std::uint8_t>;

/// The answers that would be right: 0 for success, else error codes. More than one where a request breaks several
/// rules, and where the RFC leaves a choice.
using Codes = std::set<int>;

/// A datagram that leaves the server, taken apart.
struct Delivery {
  enum class Form : std::uint8_t { plain, channel_data, data_indication, icmp };

  net::Endpoint from;
  net::Endpoint to;
  Form form = Form::plain;
  std::uint16_t number = 0;  ///< channel; for ICMP type and code, a byte each
  net::Endpoint peer;        ///< XOR-PEER-ADDRESS
  Payload bytes;             ///< the application's

  friend std::strong_ordering operator<=>(const Delivery&, const Delivery&) = default;
};
std::string to_string(const Delivery& delivery);

/// RFC 8656's five-tuple; the protocol is UDP.
struct ClientTuple {
  net::Endpoint client;
  net::Endpoint server;
  friend std::strong_ordering operator<=>(const ClientTuple&, const ClientTuple&) = default;
};

struct ModelLimits {
  std::set<net::Address> relay_addresses;
  std::uint16_t port_min = 0;
  std::uint16_t port_max = 0;
  std::size_t user_allocations = 0;
  std::size_t total_allocations = 0;
  std::size_t permissions = 0;
  std::size_t channels = 0;
  std::uint32_t lifetime_default_s = 600;
  std::uint32_t lifetime_max_s = 3600;
};

class Model {
 public:
  struct Channel {
    net::Endpoint peer;
    Nanoseconds expires = 0;
  };
  struct Allocation {
    std::string user;
    Nanoseconds expires = 0;
    std::map<net::Family, net::Endpoint> relayed;
    std::map<net::Address, Nanoseconds> permissions;  ///< peer address to expiry
    std::map<std::uint16_t, Channel> channels;        ///< by number
  };
  struct Reservation {
    std::string user;
    net::Endpoint endpoint;
    Nanoseconds expires = 0;
  };
  /// Between these a gauge may be: what is live, and what may not have been tidied up yet.
  struct Bounds {
    std::size_t least = 0;
    std::size_t most = 0;
  };

  explicit Model(ModelLimits limits) : limits_(std::move(limits)) {}

  Nanoseconds now = 0;
  std::set<net::Address> denied;  ///< change it by deny()
  bool draining = false;

  // Requests: which answers are right ...
  Codes allocate(const ClientTuple& who, const std::string& user, const AllocateWish& wish) const;
  Codes refresh(const ClientTuple& who, const std::string& user, std::optional<std::uint8_t> family) const;
  Codes create_permission(const ClientTuple& who, const std::string& user,
                          const std::vector<net::Endpoint>& peers) const;
  Codes channel_bind(const ClientTuple& who, const std::string& user, std::uint16_t number,
                     const net::Endpoint& peer) const;
  /// ... and what success means. What the server chose by itself is taken from its answer and judged first: the
  /// sentence that comes back says what is wrong with it.
  std::string allocated(const ClientTuple& who, const std::string& user, const AllocateWish& wish,
                        const std::vector<net::Endpoint>& relayed, std::optional<stun::ReservationToken> token);
  void refreshed(const ClientTuple& who, std::optional<std::uint32_t> lifetime_s, std::optional<std::uint8_t> family);
  void permission_created(const ClientTuple& who, const std::vector<net::Endpoint>& peers);
  void channel_bound(const ClientTuple& who, std::uint16_t number, const net::Endpoint& peer);
  /// What LIFETIME the answer to an Allocate or Refresh carries (sections 7.2 and 8.2).
  std::uint32_t granted_s(std::optional<std::uint32_t> asked_s) const;

  // Data: what leaves.
  std::vector<Delivery> send_indication(const ClientTuple& who, const net::Endpoint& peer, const Payload& bytes) const;
  std::vector<Delivery> channel_data(const ClientTuple& who, std::uint16_t number, const Payload& bytes) const;
  std::vector<Delivery> from_peer(const net::Endpoint& relayed, const net::Endpoint& peer, const Payload& bytes) const;
  std::vector<Delivery> icmp_error(const net::Endpoint& relayed, const net::Endpoint& peer, std::uint8_t type,
                                   std::uint8_t code) const;

  // The operator.
  /// From now on these, and no longer the earlier ones, are denied as peers.
  void deny(const std::set<net::Address>& addresses);
  void end_drain();

  // To look at.
  const Allocation* find(const ClientTuple& who) const;
  const std::map<ClientTuple, Allocation>& allocations() const { return allocations_; }
  const std::map<stun::ReservationToken, Reservation>& reservations() const { return reservations_; }
  bool is_live(const Allocation& allocation) const { return now < allocation.expires; }
  Bounds live_allocations() const;
  Bounds live_permissions() const;
  Bounds live_channels() const;
  /// Every future moment at which something expires.
  std::set<Nanoseconds> deadlines() const;

 private:
  enum class Ports : std::uint8_t { free, maybe, none };

  Allocation& at(const ClientTuple& who) { return allocations_.at(who); }
  Bounds allocations_of(const std::string* user) const;
  Bounds charged_to(const std::string* user) const;
  std::set<net::Endpoint> taken_ports(Nanoseconds then) const;
  Ports ports(net::Family family, std::optional<bool> even) const;
  std::optional<int> wrong_peer(const Allocation& allocation, const net::Address& peer) const;
  std::size_t permissions_with(const Allocation& allocation, const std::vector<net::Endpoint>& peers) const;
  std::vector<Delivery> relay(const Allocation& allocation, const net::Endpoint& peer, const Payload& bytes) const;

  ModelLimits limits_;
  std::map<ClientTuple, Allocation> allocations_;
  std::map<stun::ReservationToken, Reservation> reservations_;
};

}  // namespace penstock::turn::test
