#pragma once
// What a worker counts; metrics read it live.

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/net/counter.h"
#include "dataplane/net/drop.h"

namespace penstock::engine {

/// Stages of a pass, for cycles by stage.
enum class Stage : std::uint8_t { receive, classify, service, transmit, mailbox, timers, count_ };
inline constexpr std::size_t kStageCount = static_cast<std::size_t>(Stage::count_);
inline constexpr std::array<std::string_view, kStageCount> kStageNames = {"receive",  "classify", "service",
                                                                          "transmit", "mailbox",  "timers"};

/// received (port) + taken_over + copied + originated = sent (port) + handed_over + punted + consumed
///   + dropped (here and in the port) + held: the packet equation of DESIGN.md section 3.
struct WorkerCounters {
  net::Counter taken_over;  // from other workers' mailboxes
  net::Counter copied;
  net::Counter originated;   // answers and indications made here
  net::Counter handed_over;  // to other workers
  net::Counter punted;       // to control or the kernel
  net::Counter consumed;     // requests read, and everything else that ends well without being sent
  net::Counter held;         // gauge: neither sent nor ended yet
  std::array<net::Counter, net::kDropCount> dropped;

  net::Counter passes, idle_passes, waits;
  net::Counter busy_cycles;                 // TSC cycles of passes that had packets
  net::Counter total_cycles;                // TSC cycles awake
  net::Counter longest_pass_cycles;         // ever
  net::Counter recent_longest_pass_cycles;  // of the last five to ten seconds
  net::Counter messages;
  std::array<net::Counter, kStageCount> stage_cycles;  // of passes that had packets

  net::Counter flows, flows_capacity;          // gauges
  net::Counter packets_in_use, packets_total;  // gauges: pools
};

}  // namespace penstock::engine
