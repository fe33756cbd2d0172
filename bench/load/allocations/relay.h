#pragma once
// The relay under test: one worker with a whole TURN service, driven pass by pass with a time the run brings.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/allocations/crowd.h"
#include "bench/load/allocations/table_port.h"
#include "bench/load/turn/histogram.h"
#include "dataplane/engine/worker.h"
#include "dataplane/net/packet_pool.h"
#include "turn/service.h"

namespace penstock::load {

struct RelayOptions {
  std::uint32_t allocations = 1'000'000;
  std::uint32_t relay_addresses = 24;
  std::string realm = "penstock";
  std::string secret = "not so secret";
};

/// What the passes of one phase took.
struct Spent {
  Histogram passes;                  ///< TSC nanoseconds by the worker's own count
  std::uint64_t undisturbed_ns = 0;  ///< the longest pass during which the kernel put nobody else on this core
  std::uint64_t preempted = 0;       ///< passes during which it did
  double cpu_s = 0;                  ///< thread CPU time, of passes alone
  double longest_cpu_s = 0;          ///< of one pass
};

class Relay {
 public:
  static tl::expected<std::unique_ptr<Relay>, std::string> create(const RelayOptions& options);
  ~Relay();

  /// Every client from `first` to `first + count - 1` (at most a burst) asks; one pass answers.
  tl::expected<void, std::string> ask(Crowd& crowd, std::uint32_t first, std::uint32_t count, Ask ask, Spent& spent);
  /// One pass without packets; whether work is left.
  bool pass(Spent& spent);
  void go_on(std::uint64_t ns) { now_ns_ += ns; }

  tl::expected<void, std::string> reload(turn::Settings settings);
  void tell(turn::MessageKind kind) { office_->send(engine::kControl, 0, turn::message(kind)); }

  const turn::Settings& settings() const { return settings_.back()->settings; }
  const turn::Stats& stats() const { return service_->stats(); }

 private:
  Relay() = default;

  turn::FixedSettings fixed_;
  std::unique_ptr<engine::PostOffice> office_;
  std::unique_ptr<turn::SharedState> shared_;
  std::vector<std::shared_ptr<const turn::CompiledSettings>> settings_;
  std::optional<net::PacketPool> packets_;  // of requests
  engine::Worker worker_;
  TablePort* port_ = nullptr;
  turn::TurnService* service_ = nullptr;
  std::uint64_t now_ns_ = 1'000'000'000'000;
};

}  // namespace penstock::load
