#pragma once
// What the modes find out. Plain data; report.h prints it.

#include <cstdint>
#include <optional>

#include "bench/load/turn/histogram.h"
#include "bench/load/turn/negotiator.h"
#include "bench/load/turn/server_process.h"

namespace penstock::load {

struct DirectionResult {
  std::uint64_t sent = 0;                   ///< measured packets the kernel took
  std::uint64_t delivered = 0;              ///< of them, at the far end
  std::uint64_t delivered_in_interval = 0;  ///< all arrivals while the server's CPU time was taken
  std::uint64_t refused_by_kernel = 0;      ///< at our own sockets
  std::uint64_t reordered = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t foreign = 0;
  Histogram latency;

  std::uint64_t lost() const { return sent > delivered ? sent - delivered : 0; }
};

struct RelayResult {
  double seconds = 0;
  DirectionResult to_peer;          ///< in echo mode: round trips, counted at the client
  DirectionResult to_client;        ///< empty in echo mode
  std::uint64_t echoed = 0;         ///< echo mode: datagrams the peers sent back while the CPU time was taken
  std::uint64_t far_end_drops = 0;  ///< lost at our own receive queues: the generator's fault, not the server's
  std::optional<ServerCost> server;

  /// Datagrams the server relayed while its CPU time was taken.
  std::uint64_t relayed() const { return to_peer.delivered_in_interval + to_client.delivered_in_interval + echoed; }
};

struct AllocationResult {
  double seconds = 0;
  NegotiationTally tally;
  std::optional<ServerCost> server;
};

struct HoldResult {
  double setup_seconds = 0;
  double held_seconds = 0;
  std::uint64_t lost_allocations = 0;  ///< refused or unanswered at the last refresh
  std::uint64_t resident_before_bytes = 0;
  std::uint64_t resident_held_bytes = 0;
  std::uint64_t anonymous_before_bytes = 0;
  std::uint64_t anonymous_held_bytes = 0;
  std::uint64_t resident_after_bytes = 0;  ///< once they were deleted
  std::uint64_t descriptors_before = 0;
  std::uint64_t descriptors_held = 0;
  std::uint64_t cpu_ns = 0;  ///< while they were held, refreshes included
};

}  // namespace penstock::load
