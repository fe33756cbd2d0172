#pragma once
// A UDP forwarder that does a TURN relay's socket work and nothing else: the floor any kernel-socket relay stands on.

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/turn/udp_socket.h"
#include "bench/peers/turn/slots.h"
#include "dataplane/net/address.h"

namespace penstock::peers {

/// Who is who follows from addresses alone, by the arithmetic turn_load uses: client i is at address
/// `client + i % client_addresses`, port `client.port + i / client_addresses`; its relay socket is on `relay.port + i`;
/// its peer is on `peer.port + i % peers`.
struct ForwarderOptions {
  net::Endpoint listen;
  net::Endpoint client;
  unsigned clients = 1;
  unsigned client_addresses = 1;
  net::Endpoint relay;
  net::Endpoint peer;
  unsigned peers = 1;
  /// One relay socket for all, on `relay`: towards a client, peer i's packets go to client i. Fewer sockets than RFC
  /// 8656 allows a relay with one address, so this is a bound, not a rival.
  bool shared_relay = false;
  /// Receive trains whole (UDP_GRO), make trains of what came singly, and send them whole (UDP_SEGMENT).
  bool trains = false;
};

/// One thread, one epoll set: recvmmsg and sendmmsg in bursts of 64, sends to one socket grouped, nothing copied.
class Forwarder {
 public:
  /// Binds everything. The error names the endpoint that could not be had.
  static tl::expected<std::unique_ptr<Forwarder>, std::string> open(const ForwarderOptions& options);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  /// Forwards until the process ends.
  [[noreturn]] void run();

 private:
  Forwarder(const ForwarderOptions& options, load::UdpSocket client_side, std::vector<load::UdpSocket> relays);

  tl::expected<void, std::string> watch();
  /// A burst from the client-facing socket, each datagram out of its client's relay socket.
  void clients_to_peers();
  /// What fits the burst from relay socket `relay`; leaves when the burst is full or at flush_to_clients().
  void peers_to_clients(unsigned relay);
  void flush_to_clients();
  unsigned client_of(const sockaddr_in& source) const;
  unsigned client_of_peer(const sockaddr_in& source) const;

  ForwarderOptions options_;
  load::UdpSocket client_side_;
  std::vector<load::UdpSocket> relays_;
  std::vector<sockaddr_in> client_addresses_;
  std::vector<sockaddr_in> peer_addresses_;
  int epoll_ = -1;
  Slots from_clients_;
  Slots from_peers_;
  GroupedSender to_peers_;
  TrainGatherer to_clients_;
};

}  // namespace penstock::peers
