#pragma once
// What metrics read: the live counters of the workers, and what control itself knows.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/metrics/ports_state.h"
#include "dataplane/engine/counters.h"
#include "dataplane/port/port.h"
#include "dataplane/sfu/stats.h"
#include "turn/stats.h"

namespace penstock::control {

/// The counters of one worker; they outlive every reader.
struct WorkerSource {
  unsigned worker = 0;
  unsigned cpu = 0;
  const port::PortCounters* port = nullptr;
  const engine::WorkerCounters* engine = nullptr;
  const turn::Stats* turn = nullptr;
  const sfu::Stats* sfu = nullptr;  ///< nullptr where there are no rooms
};

/// A relay address and the ports of it that are taken.
struct RelayPortUse {
  std::string address;
  std::uint32_t taken = 0;
  std::uint32_t total = 0;
};

/// By label value.
using LabelledCounts = std::vector<std::pair<std::string, std::uint64_t>>;

/// What control knows of rooms.
struct RoomsState {
  std::uint32_t rooms = 0;
  LabelledCounts endpoints_by_ice, endpoints_by_dtls;
  LabelledCounts handshakes, handshake_datagrams, srtp_profiles;  ///< DTLS, since the start
  LabelledCounts whip_sessions;
  LabelledCounts expiries;
  std::uint64_t events = 0;
  std::uint32_t event_listeners = 0;
};

/// The turns of the control thread's loop, in CPU time.
struct ControlTurns {
  std::uint64_t turns = 0;
  std::uint64_t busy_ns = 0;
  std::uint64_t longest_turn_ns = 0;
  std::uint64_t recent_longest_turn_ns = 0;  ///< of the last five to ten seconds
};

/// The control thread's own state, as it is now.
struct ProcessState {
  bool ready = false;     ///< serving, and not draining
  bool draining = false;  ///< SIGTERM was seen
  std::uint64_t started_unix_s = 0;
  std::uint64_t uptime_s = 0;
  ControlTurns control{};
  std::uint64_t reloads = 0;  ///< that were taken over
  std::uint64_t reloads_failed = 0;
  std::uint64_t records_written = 0;
  std::uint64_t records_failed = 0;
  std::vector<RelayPortUse> relay_ports;
  PortsState ports;
  std::optional<RoomsState> rooms;     ///< nothing where there are none
  std::vector<std::string> listening;  ///< "192.0.2.1:3478"
  std::vector<std::string> uris;       ///< "turn:192.0.2.1:3478?transport=udp"
};

}  // namespace penstock::control
