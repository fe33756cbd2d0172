#pragma once
// Chooses, binds and frees relayed ports (RFC 8656 sections 7.2 and 18.6).

#include <array>
#include <cstdint>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/counter.h"
#include "turn/host.h"
#include "turn/port_slice.h"
#include "turn/random.h"
#include "turn/relay_directory.h"

namespace penstock::turn {

/// A relayed port that this worker receives on.
struct BoundPort {
  RelayPort port;
  net::LocalId local = net::kNoLocal;

  explicit operator bool() const { return local != net::kNoLocal; }
};

/// A relayed port held back for a client to claim.
struct ReservedPort {
  RelayPort port;
  port::DetachedLocal detached;
};

enum class PortError : std::uint8_t {
  family_not_served,  ///< no relay address of that family
  none_left,          ///< every port tried is taken, or the host has no descriptor for one
};

/// One worker's view of the port range. Each worker prefers its own slice, so that NIC rules by slice can steer; when
/// it has run dry, it borrows from the others.
class RelayPorts {
 public:
  RelayPorts(RelayDirectory& directory, Host& host, Random& random, net::Counter& in_use_retries, std::uint16_t worker,
             std::uint16_t workers);

  bool serves(net::Family family) const { return !of(family).empty(); }

  /// A random port.
  tl::expected<BoundPort, PortError> bind(net::Family family);
  /// An even one, for EVEN-PORT without reservation.
  tl::expected<BoundPort, PortError> bind_even(net::Family family);
  struct Pair {
    BoundPort even;
    ReservedPort odd;
  };
  /// An even one and the next, for EVEN-PORT with the R bit.
  tl::expected<Pair, PortError> bind_pair(net::Family family);
  /// Nothing arrives there any more. It is closed by close_unbound(), when this pass's packets have met their end and
  /// left, so that none of them, nor an ICMP error, meets a new owner of its local id.
  void unbind(const BoundPort& bound);
  /// Once per pass, when what was received has been handled and transmitted.
  void close_unbound();
  bool any_to_close() const { return !to_close_.empty(); }

  /// A reservation becomes this worker's port, whoever made it.
  tl::expected<BoundPort, PortError> attach(const ReservedPort& reserved);
  void discard(const ReservedPort& reserved);

 private:
  // Sockets tried per request: ports that other programs of this host hold cost one system call each.
  static constexpr unsigned kMostBinds = 16;
  static constexpr unsigned kRandomProbes = 16;
  // Ports looked at when those have failed: a range that is all but full may be called full, but refusing takes a few
  // microseconds even if it has millions of ports, of which EVEN-PORT can use none.
  static constexpr std::uint32_t kMostLooks = 4096;
  // Ports that wait to be closed; past that they are closed at once.
  static constexpr std::size_t kMostToClose = 1024;

  /// What is asked of a port: all, or every second from an even one on, and how many in a row.
  struct Wish {
    net::Family family;
    std::uint32_t step = 1;
    std::uint32_t row = 1;
  };

  const std::vector<std::uint8_t>& of(net::Family family) const { return by_family_[family == net::Family::v6]; }
  bool claim(const Wish& wish, RelayPort port);
  void release(const Wish& wish, RelayPort port);
  bool claim_any(const Wish& wish, RelayPort& out);
  bool probe(const Wish& wish, RelayPort& out);
  bool scan(const Wish& wish, const PortSlice& slice, RelayPort& out);
  template <class Bind>
  tl::expected<BoundPort, PortError> bind_first(const Wish& wish, Bind&& bind);

  RelayDirectory& directory_;
  Host& host_;
  Random& random_;
  net::Counter& in_use_retries_;
  std::uint8_t worker_;
  PortSlice own_;
  PortSlice all_;
  std::array<std::vector<std::uint8_t>, 2> by_family_;  // indexes of relay addresses
  std::vector<BoundPort> to_close_;
};

}  // namespace penstock::turn
