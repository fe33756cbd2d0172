#pragma once
// One direction of the load: its streams in turn, its pace, and what came of it.

#include <optional>
#include <vector>

#include "bench/load/turn/burst_sender.h"
#include "bench/load/turn/ledger.h"
#include "bench/load/turn/options.h"
#include "bench/load/turn/pacer.h"
#include "bench/load/turn/results.h"
#include "bench/load/turn/stream.h"

namespace penstock::load {

/// Sends round-robin over its streams, as its pacer allows, and keeps the books. `options` must outlive it.
class Lane {
 public:
  Lane(const Options& options, std::vector<Stream> streams, std::uint32_t run);

  /// Sends what its pacer allows, one burst at most.
  void send(std::uint64_t now_ns);
  /// A payload of this direction arrived.
  void arrived(stun::Bytes payload, std::size_t wire_bytes, std::uint64_t now_ns);
  void open(std::uint64_t now_ns);
  /// The measured interval is over.
  void close(std::uint64_t now_ns);
  /// Measured packets sent so far.
  std::uint64_t sent() const { return sent_ - sent_at_open_; }
  /// All that was sent has arrived.
  bool settled() const { return ledger_.delivered() >= sent_; }
  DirectionResult result() const;

 private:
  std::uint64_t allowance(std::uint64_t now_ns);

  const Options& options_;
  std::vector<Stream> streams_;
  std::size_t next_ = 0;  ///< the stream whose turn it is
  BurstSender sender_;
  Ledger ledger_;
  FlightWindow window_;
  std::optional<RatePacer> rate_;
  std::uint64_t sent_ = 0;
  std::uint64_t sent_at_open_ = 0;
  std::uint64_t sent_at_close_ = 0;
  std::uint64_t delivered_at_open_ = 0;
  std::uint64_t delivered_at_close_ = 0;
};

}  // namespace penstock::load
