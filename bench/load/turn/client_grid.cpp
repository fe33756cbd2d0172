#include "bench/load/turn/client_grid.h"

namespace penstock::load {
namespace {

net::Endpoint client_endpoint(const Options& options, unsigned i) {
  const unsigned column = i % options.client_addresses;
  const unsigned row = i / options.client_addresses;
  net::Endpoint endpoint = options.client;
  if (endpoint.address.is_v4()) {
    endpoint.address = net::Address::v4(endpoint.address.v4_host_order() + column);
  } else {
    unsigned carry = column;
    for (std::size_t byte = 16; byte-- > 0 && carry != 0; carry >>= 8) {
      carry += endpoint.address.bytes[byte];
      endpoint.address.bytes[byte] = static_cast<std::uint8_t>(carry);
    }
  }
  if (endpoint.port != 0) endpoint.port = static_cast<std::uint16_t>(endpoint.port + row);
  return endpoint;
}

}  // namespace

tl::expected<ClientGrid, std::string> ClientGrid::open(const Options& options) {
  const bool shared = options.client_sockets == ClientSockets::shared;
  // One socket for all needs all the room there is; hundreds of sockets share it.
  const UdpSocketOptions settings{.gro = options.gro, .pktinfo = shared, .buffer_bytes = shared ? 32 << 20 : 2 << 20};
  ClientGrid grid;
  for (unsigned i = 0; i < options.allocations; ++i) {
    const net::Endpoint local = client_endpoint(options, i);
    if (!shared || i % options.client_addresses == 0) {
      auto socket = UdpSocket::bind(shared ? net::Endpoint{net::Address::v4(0), local.port} : local, settings);
      if (!socket) return tl::unexpected(socket.error());
      if (!shared) {
        if (auto connected = socket->connect(options.server); !connected) return tl::unexpected(connected.error());
      }
      grid.sockets_.push_back(std::move(*socket));
    }
    Route route;
    route.fd = grid.sockets_.back().fd();
    if (shared) {
      route.destination = SocketAddress(options.server);
      route.set_source(local.address);
    }
    grid.to_server_.push_back(route);
  }
  return grid;
}

tl::expected<std::vector<UdpSocket>, std::string> open_peers(const net::Endpoint& first, unsigned count, bool gro) {
  std::vector<UdpSocket> peers;
  for (unsigned i = 0; i < count; ++i) {
    net::Endpoint local = first;
    if (local.port != 0) local.port = static_cast<std::uint16_t>(local.port + i);
    auto socket = UdpSocket::bind(local, {.gro = gro, .buffer_bytes = count == 1 ? 32 << 20 : 2 << 20});
    if (!socket) return tl::unexpected(socket.error());
    peers.push_back(std::move(*socket));
  }
  return peers;
}

}  // namespace penstock::load
