#pragma once
// The control thread while the relay serves: signals, reloads, the drain, records, health, metrics.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/config/load.h"
#include "control/http/server.h"
#include "control/lifecycle/drain.h"
#include "control/lifecycle/http_front.h"
#include "control/lifecycle/liveness.h"
#include "control/lifecycle/media_control.h"
#include "control/lifecycle/port_watch.h"
#include "control/lifecycle/reload.h"
#include "control/lifecycle/service_manager.h"
#include "control/lifecycle/turn_meter.h"
#include "control/log/record_file.h"
#include "control/metrics/load_meter.h"
#include "control/relay/relay.h"

namespace penstock::control {

class ControlLoop {
 public:
  /// Everything given outlives the loop. `config`: what `sources` said at start.
  ControlLoop(const Sources& sources, const Config& config, const std::vector<std::uint32_t>& allowed_cores, Log& log,
              RecordFile& records, Relay& relay);

  /// Starts what rooms need, and opens the listeners they are programmed by. `media` outlives the loop.
  tl::expected<void, std::string> open_rooms(MediaPlane& media);
  /// Opens the metrics listener, if there is to be one.
  tl::expected<void, std::string> listen();
  /// Lets the workers serve; returns when a signal has ended them.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  void announce();
  void wait_for_signal();
  void act(Drain::Action action);
  void on_reload();
  void take_over(Reloaded reloaded);
  void tick();
  void slow_tick();
  std::chrono::microseconds slow_period() const;
  std::size_t take_records();
  std::uint64_t connected_endpoints() const;
  ProcessState state() const;

  const Sources& sources_;
  const Config started_with_;
  Config config_;
  const std::vector<std::uint32_t>& allowed_cores_;
  Log& log_;
  RecordFile& records_;
  Relay& relay_;
  ServiceManager manager_;
  LoadMeter load_;
  TurnMeter turns_;
  PortWatch port_watch_;
  Liveness liveness_;
  Drain drain_;
  bool serving_ = false;
  const std::uint64_t started_unix_s_;
  const Clock::time_point started_ = Clock::now();
  std::uint64_t reloads_ = 0;
  std::uint64_t reloads_failed_ = 0;
  unsigned slow_ticks_ = 0;
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer slow_timer_;
  api::Sources api_sources();

  std::unique_ptr<MediaControl> media_;  ///< nullptr where there are no rooms, like the next two
  std::unique_ptr<api::TurnAllocations> allocations_;
  std::unique_ptr<HttpFront> front_;
  std::optional<http::Server> server_;
};

}  // namespace penstock::control
