#pragma once
// What every mode starts from: sockets on both ends, clients, and their dialogue with the server.

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/turn/burst_receiver.h"
#include "bench/load/turn/client_grid.h"
#include "bench/load/turn/clock.h"
#include "bench/load/turn/negotiator.h"
#include "bench/load/turn/options.h"
#include "bench/load/turn/turn_client.h"

namespace penstock::load {

/// Neither copied nor moved: clients and negotiator point into it.
class Session {
 public:
  /// Opens all sockets; sends nothing yet.
  static tl::expected<std::unique_ptr<Session>, std::string> open(const Options& options);

  const ClientGrid& grid() const { return grid_; }
  const std::vector<UdpSocket>& peers() const { return peers_; }
  const std::vector<TurnClient>& clients() const { return clients_; }
  Negotiator& negotiator() { return negotiator_; }

  /// Takes all clients through `program` and waits for the end. The error says what the server refused.
  tl::expected<void, std::string> run(std::vector<Request> program);
  /// Waits until the program under way has ended for every client.
  void finish();
  /// Reads what came for the clients and moves the negotiation on. Packets that are no answers are dropped.
  void turn_over();
  /// Allocations and what packets need besides: permissions or channels, as the framing asks.
  tl::expected<void, std::string> establish(Framing framing);
  /// Gives the allocations back; a server that no longer answers is left alone.
  void release();

 private:
  Session(const Options& options, ClientGrid grid, std::vector<UdpSocket> peers);

  ClientGrid grid_;
  std::vector<UdpSocket> peers_;
  Credentials credentials_;
  std::vector<TurnClient> clients_;
  Negotiator negotiator_;
  BurstReceiver receiver_;
};

/// What keeps an established session alive (RFC 8656 sections 7.2, 9, 12).
std::vector<Request> refresh_program(Framing framing);

}  // namespace penstock::load
