#pragma once
// The data plane of one process, put together: environment, mailboxes, and workers, each with its port, its shard and
// its TURN service. Used by the control thread.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/config/config.h"
#include "control/metrics/sources.h"
#include "control/relay/courier.h"
#include "control/relay/media_plane.h"
#include "control/relay/network.h"
#include "control/startup/checks.h"
#include "dataplane/engine/post_office.h"
#include "dataplane/engine/worker.h"
#include "turn/service.h"

namespace penstock::control {

class Relay {
 public:
  using Settings = std::shared_ptr<const turn::CompiledSettings>;

  /// Starts the workers and binds the listening endpoints; packets are served from run() on. `network` is started and
  /// outlives the relay, and so does `media`, which is nullptr where there are no rooms. The error is a sentence that
  /// says what to do.
  static tl::expected<std::unique_ptr<Relay>, std::string> create(const Config& config, const Plan& plan,
                                                                  Network& network, MediaPlane* media,
                                                                  turn::FixedSettings fixed, Settings settings);
  /// Stops the workers.
  ~Relay();

  void run();
  /// Ends the loops; allocations that are left end without a record.
  void stop();

  /// Replaces what reloads; live permissions are checked against the new policy.
  void apply(Settings settings);
  /// No new allocations from now on.
  void begin_drain();
  /// Ends every allocation.
  void end_drain();
  /// To one worker, as it is, never lost.
  void post(std::uint16_t worker, const engine::Message& message) { courier_.post(worker, message); }
  /// Ends the worker's wait. From any thread.
  void wake(std::uint16_t worker) { post_office_->wake(worker); }
  /// Sends on what found a mailbox full, and lets go of settings no worker looks at any more. Call now and then.
  void tick();

  /// Calls `take` for the record of each allocation that ended; returns how many there were.
  std::size_t take_records(const std::function<void(const turn::EndedRecord&)>& take);

  /// Allocations there are, wait for admission, or have ended with a record that is not yet taken.
  std::uint64_t allocations() const;
  const std::vector<WorkerSource>& sources() const { return sources_; }
  std::vector<RelayPortUse> relay_ports() const;
  const turn::FixedSettings& fixed() const { return fixed_; }
  const Network& network() const { return network_; }

 private:
  struct Kept {
    std::uint64_t generation;
    Settings settings;
  };

  Relay(Network& network, MediaPlane* media, turn::FixedSettings fixed, Settings settings,
        std::unique_ptr<engine::PostOffice> post_office);
  tl::expected<void, std::string> start_workers(const Config& config, const Plan& plan);
  tl::expected<void, std::string> add_media(engine::Worker& worker);
  tl::expected<void, std::string> set_up(const Config& config, engine::Worker& worker, std::uint16_t number);

  Network& network_;
  MediaPlane* media_;
  turn::FixedSettings fixed_;
  turn::SharedState shared_;
  std::unique_ptr<engine::PostOffice> post_office_;
  Courier courier_;
  std::deque<Kept> settings_;  ///< the newest last; older ones until every worker has moved on
  std::vector<net::Mailbox<turn::EndedRecord>> records_;  ///< by worker; none when nobody wants them
  std::vector<std::unique_ptr<engine::Worker>> workers_;
  std::vector<turn::TurnService*> services_;  ///< owned by the workers
  std::vector<WorkerSource> sources_;
};

}  // namespace penstock::control
