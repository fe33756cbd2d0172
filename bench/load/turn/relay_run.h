#pragma once
// Mode relay: packets through established allocations, counted and timed at the far end.

#include <optional>

#include "bench/load/turn/burst_receiver.h"
#include "bench/load/turn/echo_peer.h"
#include "bench/load/turn/lane.h"
#include "bench/load/turn/options.h"
#include "bench/load/turn/results.h"
#include "bench/load/turn/server_process.h"
#include "bench/load/turn/session.h"

namespace penstock::load {

class RelayRun {
 public:
  /// All must outlive the run; `session` is established. `server` may be null.
  RelayRun(const Options& options, Session& session, const ServerProcess* server);

  RelayResult measure();

 private:
  /// Sends and receives until `end_ns`, or until so many measured packets were sent.
  void run_until(std::uint64_t end_ns, std::uint64_t packets);
  /// Receives what is still on its way.
  void settle();
  void send(std::uint64_t now_ns);
  void receive();
  void receive_at_clients();
  void receive_at_peers();
  void from_server(stun::Bytes datagram, std::size_t wire_bytes, std::uint64_t now_ns);
  void keep_alive(std::uint64_t now_ns);
  std::uint64_t far_end_drops() const;

  const Options& options_;
  Session& session_;
  const ServerProcess* server_;
  std::optional<Lane> to_peer_;
  std::optional<Lane> to_client_;
  BurstReceiver at_clients_;
  BurstReceiver at_peers_;
  std::optional<EchoPeer> echo_;
  std::uint64_t echoed_ = 0;
  std::uint64_t next_refresh_ns_ = 0;
  std::uint64_t next_sweep_ns_ = 0;  ///< of client sockets that get answers only
};

}  // namespace penstock::load
