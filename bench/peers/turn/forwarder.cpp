#include "bench/peers/turn/forwarder.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace penstock::peers {
namespace {

constexpr int kBufferBytes = 8 << 20;
constexpr unsigned kBurstsPerWakeup = 4;

/// The same sizes a relay would use; 2 MB for each of many relay sockets is room, not memory.
constexpr int kRelayBufferBytes = 2 << 20;

sockaddr_in v4_address(const net::Endpoint& base, unsigned address_offset, unsigned port_offset) {
  net::Endpoint endpoint = base;
  endpoint.address = net::Address::v4(base.address.v4_host_order() + address_offset);
  endpoint.port = static_cast<std::uint16_t>(base.port + port_offset);
  return load::SocketAddress(endpoint).v4;
}

}  // namespace

tl::expected<std::unique_ptr<Forwarder>, std::string> Forwarder::open(const ForwarderOptions& options) {
  auto client_side = load::UdpSocket::bind(options.listen, {.gro = options.trains, .buffer_bytes = kBufferBytes});
  if (!client_side) return tl::unexpected(client_side.error());
  std::vector<load::UdpSocket> relays;
  for (unsigned i = 0; i < (options.shared_relay ? 1 : options.clients); ++i) {
    net::Endpoint local = options.relay;
    local.port = static_cast<std::uint16_t>(local.port + i);
    const int buffer_bytes = options.shared_relay ? kBufferBytes : kRelayBufferBytes;
    auto relay = load::UdpSocket::bind(local, {.gro = options.trains, .buffer_bytes = buffer_bytes});
    if (!relay) return tl::unexpected(relay.error());
    relays.push_back(std::move(*relay));
  }
  std::unique_ptr<Forwarder> forwarder(new Forwarder(options, std::move(*client_side), std::move(relays)));
  if (auto watched = forwarder->watch(); !watched) return tl::unexpected(watched.error());
  return forwarder;
}

Forwarder::Forwarder(const ForwarderOptions& options, load::UdpSocket client_side, std::vector<load::UdpSocket> relays)
    : options_(options),
      client_side_(std::move(client_side)),
      relays_(std::move(relays)),
      from_clients_(options.trains),
      from_peers_(options.trains),
      to_peers_(relays_.size(), options.trains),
      to_clients_(options.trains) {
  for (unsigned i = 0; i < options.clients; ++i) {
    const unsigned row = i / options.client_addresses;
    client_addresses_.push_back(v4_address(options.client, i % options.client_addresses, row));
  }
  for (unsigned i = 0; i < options.peers; ++i) peer_addresses_.push_back(v4_address(options.peer, 0, i));
}

Forwarder::~Forwarder() {
  if (epoll_ >= 0) ::close(epoll_);
}

tl::expected<void, std::string> Forwarder::watch() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  // Relay sockets by index; the client-facing one comes after them.
  for (std::size_t i = 0; i <= relays_.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    const int fd = i < relays_.size() ? relays_[i].fd() : client_side_.fd();
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
      return tl::unexpected(fmt::format("epoll: {}", std::strerror(errno)));
    }
  }
  return {};
}

void Forwarder::run() {
  std::array<epoll_event, kBurst> events;
  for (;;) {
    const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      if (events[i].data.u32 == relays_.size()) {
        clients_to_peers();
      } else {
        peers_to_clients(events[i].data.u32);
      }
    }
    flush_to_clients();
  }
}

void Forwarder::clients_to_peers() {
  for (unsigned bursts = 0; bursts < kBurstsPerWakeup; ++bursts) {
    from_clients_.clear();
    from_clients_.receive(client_side_.fd());
    for (unsigned slot = 0; slot < from_clients_.used(); ++slot) {
      const unsigned client = client_of(from_clients_.source(slot));
      if (client >= options_.clients) continue;
      from_clients_.readdress(slot, peer_addresses_[client % options_.peers]);
      to_peers_.add(options_.shared_relay ? 0 : client, slot);
    }
    to_peers_.flush(from_clients_, [&](unsigned relay) { return relays_[relay].fd(); });
    if (!from_clients_.full()) return;
  }
}

void Forwarder::peers_to_clients(unsigned relay) {
  unsigned slot = from_peers_.receive(relays_[relay].fd());
  for (; slot < from_peers_.used(); ++slot) {
    const unsigned client = options_.shared_relay ? client_of_peer(from_peers_.source(slot)) : relay;
    from_peers_.readdress(slot, client_addresses_[client]);
  }
  if (from_peers_.full()) flush_to_clients();
}

void Forwarder::flush_to_clients() {
  if (from_peers_.used() != 0) to_clients_.send(client_side_.fd(), from_peers_.header(0), from_peers_.used());
  from_peers_.clear();
}

unsigned Forwarder::client_of(const sockaddr_in& source) const {
  const unsigned column = ntohl(source.sin_addr.s_addr) - options_.client.address.v4_host_order();
  const unsigned row = static_cast<unsigned>(ntohs(source.sin_port)) - options_.client.port;
  if (column >= options_.client_addresses || row >= options_.clients) return options_.clients;
  return row * options_.client_addresses + column;
}

unsigned Forwarder::client_of_peer(const sockaddr_in& source) const {
  const unsigned peer = static_cast<unsigned>(ntohs(source.sin_port)) - options_.peer.port;
  return std::min(peer, options_.clients - 1);
}

}  // namespace penstock::peers
