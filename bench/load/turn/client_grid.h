#pragma once
// The clients' end: their addresses and sockets.

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/turn/options.h"
#include "bench/load/turn/route.h"
#include "bench/load/turn/udp_socket.h"

namespace penstock::load {

/// Client i lives at address `client + i % client_addresses`, port `client.port + i / client_addresses` (any port if
/// that is 0). `each` gives every client a connected socket: the cheapest way to send. `shared` gives every port one
/// socket for all its addresses, told apart by IP_PKTINFO: the cheapest way to receive from thousands of clients.
class ClientGrid {
 public:
  static tl::expected<ClientGrid, std::string> open(const Options& options);

  std::size_t size() const { return to_server_.size(); }
  /// From client i to the server.
  const Route& to_server(std::size_t i) const { return to_server_[i]; }
  const std::vector<Route>& routes() const { return to_server_; }
  const std::vector<UdpSocket>& sockets() const { return sockets_; }

 private:
  std::vector<UdpSocket> sockets_;
  std::vector<Route> to_server_;
};

/// The peers' end: `count` sockets on consecutive ports from `first` on, or on any ports if its port is 0.
tl::expected<std::vector<UdpSocket>, std::string> open_peers(const net::Endpoint& first, unsigned count, bool gro);

}  // namespace penstock::load
