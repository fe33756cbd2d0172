#pragma once
// What reached the far end: counted by sequence number, timed by the stamp.

#include <cstdint>
#include <vector>

#include "bench/load/turn/histogram.h"
#include "bench/load/turn/packet_shape.h"
#include "dataplane/stun/bytes.h"

namespace penstock::load {

/// Which sequence numbers of one stream arrived: the highest, and the 64 up to it. Older ones count as duplicates.
class SequenceWindow {
 public:
  enum class Verdict : std::uint8_t { in_order, skipped, late, duplicate };

  Verdict note(std::uint64_t sequence);
  /// One more than the highest sequence number seen.
  std::uint64_t next() const { return next_; }

 private:
  std::uint64_t next_ = 0;
  std::uint64_t seen_ = 0;  ///< bit i: next_ - 1 - i arrived
};

/// Everything that arrived in one direction. Packets sent within [open, close) are the measured ones, whenever they
/// arrive.
class Ledger {
 public:
  /// Streams `first_id` to `first_id + streams - 1` of `run`, `payload_bytes` each.
  Ledger(std::uint32_t run, std::uint32_t first_id, std::size_t streams, std::size_t payload_bytes)
      : run_(run), first_id_(first_id), payload_bytes_(payload_bytes), windows_(streams) {}

  void open(std::uint64_t now_ns) { open_ns_ = now_ns; }
  void close(std::uint64_t now_ns) { close_ns_ = now_ns; }

  /// Takes a payload (its first bytes, and its length on the wire). Returns how many sequence numbers it settles:
  /// itself and what it overtook, which on a FIFO way is lost.
  std::uint64_t note(stun::Bytes payload, std::size_t wire_bytes, std::uint64_t now_ns);

  std::uint64_t delivered() const { return delivered_; }       ///< since the beginning
  std::uint64_t measured() const { return latency_.count(); }  ///< of the measured packets
  std::uint64_t reordered() const { return reordered_; }
  std::uint64_t duplicated() const { return duplicated_; }
  std::uint64_t foreign() const { return foreign_; }  ///< wrong length, run or stream
  const Histogram& latency() const { return latency_; }

 private:
  std::uint32_t run_;
  std::uint32_t first_id_;
  std::size_t payload_bytes_;
  std::uint64_t open_ns_ = UINT64_MAX;
  std::uint64_t close_ns_ = UINT64_MAX;
  std::vector<SequenceWindow> windows_;
  std::uint64_t delivered_ = 0;
  std::uint64_t reordered_ = 0;
  std::uint64_t duplicated_ = 0;
  std::uint64_t foreign_ = 0;
  Histogram latency_;
};

}  // namespace penstock::load
