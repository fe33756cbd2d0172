#pragma once
// How much memory the pools and mailboxes take.

#include <cstdint>

#include "control/config/config.h"

namespace penstock::control {

/// Ended allocations' records under way from one worker to control, at most.
inline constexpr unsigned kRecordLane = 4096;
/// Packets under way from one worker to another, and messages between two threads, at most.
inline constexpr unsigned kPacketLane = 1024;
inline constexpr unsigned kMessageLane = 1024;
/// Packets with a buffer, for answers and indications, per worker.
inline constexpr std::uint32_t kAnswerPackets = 4096;

/// Endpoints one worker may have bound: its relayed ports, two for ADDITIONAL-ADDRESS-FAMILY, listeners, reservations.
std::uint32_t locals_per_worker(const DataplaneSection& dataplane);

/// [dataplane] memory_mb, or what `workers` workers need with a quarter to spare.
unsigned environment_memory_mb(const Config& config, unsigned workers);

}  // namespace penstock::control
