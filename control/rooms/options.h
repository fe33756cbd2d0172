#pragma once
// What the model is given at start.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "dataplane/net/address.h"
#include "dataplane/sfu/board.h"
#include "dataplane/sfu/speaker_board.h"

namespace penstock::control::rooms {

/// Of one worker.
struct WorkerMedia {
  sfu::BoardSizes sizes;        ///< of its tables
  sfu::Board* board = nullptr;  ///< outlives the model
  /// Where it takes media, as others reach it (behind a NAT: the mapped one), the preferred first: IPv4, IPv6.
  std::vector<net::Endpoint> addresses;
};

/// Of all rooms alike; a room's own limits (RoomLimits) may be lower.
struct Limits {
  std::uint32_t rooms = 10'000;
  std::uint32_t endpoints_per_room = 10'000;
  std::uint32_t tracks_per_endpoint = 64;
  std::uint32_t subscriptions_per_endpoint = 1'024;
  std::uint32_t steps_per_batch = 4'096;
};

/// How the endpoints of one room come to be on several workers; placement.h has the rule. Loads are shares of a core.
struct Placement {
  /// A room with fewer endpoints on a worker stays there together; 0: rooms never spread by themselves.
  std::uint32_t big_room = 32;
  /// So much less load makes another worker worth it.
  double margin = 0.05;
  /// What one of them is reckoned to come to when nothing is measured yet: 300 packets a second to a subscription at
  /// 250 ns each, rounded up.
  double per_subscription = 1e-4, per_endpoint = 2e-5;
};

/// One moment on two clocks.
struct Now {
  std::uint64_t monotonic_ns = 0;  ///< CLOCK_MONOTONIC, as the workers'
  std::uint64_t unix_ms = 0;

  static Now read();
};

struct Options {
  std::vector<WorkerMedia> workers;  ///< at least one
  Limits limits{};
  std::chrono::seconds connect_timeout{30};  ///< from an endpoint's creation to its first pair, and then to its keys
  std::chrono::seconds lost_timeout{30};     ///< from disconnected to failed
  std::size_t event_history = 8'192;
  std::function<Now()> clock = &Now::read;
  Placement placement{};
  /// Where rooms with audio_last_n have their seats; outlives the model. nullptr: there are no such rooms.
  const sfu::SpeakerBoard* speakers = nullptr;
  /// The share of its core that a worker spent on packets over the last seconds, 0 to 1, by worker; nothing: unknown.
  std::function<double(std::uint16_t worker)> busy_share{};
};

}  // namespace penstock::control::rooms
