#include "control/lifecycle/control_loop.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rte_cycles.h>

#include <csignal>
#include <ctime>

#include "control/config/version.h"
#include "control/lifecycle/endpoints.h"
#include "control/lifecycle/read_ports.h"
#include "control/lifecycle/read_rooms.h"
#include "dataplane/engine/clock.h"

namespace penstock::control {
namespace {

using namespace std::chrono_literals;

// Records, letters to workers, the drain.
constexpr auto kTick = 100ms;
// While records keep coming.
constexpr auto kBusyTick = 5ms;
// Liveness, watchdog, what the log left out.
constexpr auto kSlowTick = 1s;
constexpr unsigned kSlowTicksPerLoadSample = 5;

std::uint64_t unix_now() {
  return static_cast<std::uint64_t>(std::time(nullptr));
}

}  // namespace

ControlLoop::ControlLoop(const Sources& sources, const Config& config, const std::vector<std::uint32_t>& allowed_cores,
                         Log& log, RecordFile& records, Relay& relay)
    : sources_(sources),
      started_with_(config),
      config_(config),
      allowed_cores_(allowed_cores),
      log_(log),
      records_(records),
      relay_(relay),
      load_(relay.sources(), static_cast<double>(rte_get_tsc_hz())),
      port_watch_(log),
      liveness_(relay.sources(), Clock::now()),
      started_unix_s_(unix_now()),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      tick_timer_(io_),
      slow_timer_(io_) {}

tl::expected<void, std::string> ControlLoop::open_rooms(MediaPlane& media) {
  const auto busy_share = [this](std::uint16_t worker) { return load_.loads()[worker].busy_ratio; };
  auto control = MediaControl::create(io_, config_, media, relay_, busy_share, log_);
  if (!control) return tl::unexpected(control.error());
  media_ = std::move(*control);
  allocations_ = std::make_unique<api::TurnAllocations>(
      io_, media.workers(), [this](std::uint16_t worker, const engine::Message& m) { relay_.post(worker, m); });
  auto front = HttpFront::open(io_, config_, api_sources(), log_);
  if (!front) return tl::unexpected(front.error());
  front_ = std::move(*front);
  return {};
}

api::Sources ControlLoop::api_sources() {
  return {
      .rooms = media_->rooms(),
      .allocations = *allocations_,
      .process = [this] { return api::Process{serving_ && !drain_.draining(), drain_.draining(), liveness_.stuck()}; },
      .turn_issuer = [this]() -> std::optional<api::TurnIssuer> {
        if (config_.auth.secrets.empty()) return std::nullopt;
        return api::TurnIssuer{config_.auth.secrets.front().secret, state().uris};
      },
      .drain =
          [this] {
            if (!drain_.draining()) act(drain_.on_signal(Clock::now(), std::chrono::seconds(config_.drain.deadline_s)));
          },
      .version = kVersion};
}

tl::expected<void, std::string> ControlLoop::listen() {
  if (!config_.metrics.listen) return {};
  net::Endpoint endpoint = *config_.metrics.listen;
  if (endpoint.port == 0) endpoint.port = MetricsSection{}.listen->port;
  auto server = http::Server::listen(
      io_, endpoint,
      make_router({relay_.sources(), &load_, [this] { return state(); }, [this] { return liveness_.stuck(); }}));
  if (!server) return tl::unexpected(server.error() + "; choose another --metrics ADDRESS:PORT, or \"\" for none");
  server_.emplace(std::move(*server));
  return {};
}

void ControlLoop::run() {
  relay_.run();
  serving_ = true;
  announce();
  wait_for_signal();
  tick();
  slow_tick();
  if (media_ != nullptr) media_->start();
  while (!io_.stopped()) turns_.measure([this] { io_.run_one(); });
  relay_.stop();
  take_records();
  log_.info("stopped", "all workers have stopped", {{"allocations_left", relay_.allocations()}});
}

void ControlLoop::announce() {
  port_watch_.announce(read_ports(relay_.network()));
  for (const net::Endpoint& e : relay_.fixed().listen) {
    log_.info("listening", "for TURN clients",
              {{"address", net::to_string(e)}, {"uri", turn_uri(e, relay_.fixed().relay_addresses)}});
  }
  std::vector<std::string> cores;
  for (const WorkerSource& w : relay_.sources()) cores.push_back(std::to_string(w.cpu));
  log_.info("workers", "one per core",
            {{"workers", cores.size()}, {"cores", fmt::format("{}", fmt::join(cores, ","))}});
  if (server_) {
    log_.info("metrics", "GET /metrics /healthz /readyz /status /ports",
              {{"url", fmt::format("http://{}", net::to_string(server_->endpoint()))}});
  }
  if (front_ != nullptr) {
    const std::string media = fmt::format("{}", fmt::join(media_->addresses(), ","));
    for (const std::string& url : front_->urls()) {
      log_.info("rooms",
                config_.http.demo ? "the demo page, /v1, /whip/ROOM, /whep/ROOM" : "/v1, /whip/ROOM, /whep/ROOM",
                {{"url", url}, {"media", media}});
    }
  }
  log_.info(
      "ready", "serving",
      {{"realm", config_.auth.realm}, {"users", config_.auth.users.size()}, {"secrets", config_.auth.secrets.size()}});
  manager_.ready(fmt::format("serving on {} workers", cores.size()));
}

void ControlLoop::wait_for_signal() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      on_reload();
    } else {
      act(drain_.on_signal(Clock::now(), std::chrono::seconds(config_.drain.deadline_s)));
    }
    wait_for_signal();
  });
}

void ControlLoop::act(Drain::Action action) {
  switch (action) {
    case Drain::Action::none:
      return;
    case Drain::Action::begin:
      manager_.stopping();
      log_.info("draining", "no new allocations; a second signal ends at once",
                {{"allocations", relay_.allocations()}, {"deadline_s", config_.drain.deadline_s}});
      return relay_.begin_drain();
    case Drain::Action::end:
      log_.info("ending", "ending the allocations that are left", {{"allocations", relay_.allocations()}});
      return relay_.end_drain();
    case Drain::Action::stop:
      return io_.stop();
  }
}

void ControlLoop::on_reload() {
  manager_.reloading();
  if (auto reopened = records_.reopen(); !reopened) log_.error("records_not_reopened", reopened.error());
  auto reloaded = reload(sources_, allowed_cores_, relay_.fixed(), host_addresses());
  if (reloaded) {
    take_over(std::move(*reloaded));
  } else {
    ++reloads_failed_;
    for (const Problem& p : reloaded.error()) log_.error("reload_problem", p.reason, {{"where", p.where}});
    log_.error("reload_refused", "kept the configuration as it was", {{"problems", reloaded.error().size()}});
  }
  manager_.ready(reloaded ? "reloaded" : "reload refused, see the log");
}

void ControlLoop::take_over(Reloaded reloaded) {
  const auto changed = changes_by_reload(config_, reloaded.config);
  const auto waiting = changes_for_restart(started_with_, reloaded.config);
  relay_.apply(std::move(reloaded.settings));
  log_.apply(reloaded.config.log);
  config_ = std::move(reloaded.config);
  if (front_ != nullptr) front_->reload(config_);
  ++reloads_;
  log_.info("reloaded", "configuration taken over", {{"changed", fmt::format("{}", fmt::join(changed, ","))}});
  if (!waiting.empty()) {
    log_.warning("restart_needed", "these keys changed and need a restart",
                 {{"keys", fmt::format("{}", fmt::join(waiting, ","))}});
  }
}

void ControlLoop::tick() {
  relay_.tick();
  const std::size_t taken = take_records();
  act(drain_.on_tick(Clock::now(), relay_.allocations() + connected_endpoints()));
  tick_timer_.expires_after(taken > 0 ? kBusyTick : kTick);
  tick_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) tick();
  });
}

std::size_t ControlLoop::take_records() {
  const auto now = static_cast<std::int64_t>(unix_now());
  const std::size_t taken = relay_.take_records([&](const turn::EndedRecord& record) { records_.write(record, now); });
  records_.flush();
  return taken;
}

void ControlLoop::slow_tick() {
  liveness_.check(Clock::now());
  if (const auto stuck = liveness_.stuck()) {
    log_.error("worker_stuck", "a worker makes no passes", {{"worker", *stuck}});
  } else if (manager_.watchdog_period()) {
    manager_.feed_watchdog();
  }
  if (slow_ticks_++ % kSlowTicksPerLoadSample == 0) {
    load_.sample(engine::monotonic_ns());
    turns_.age();
  }
  const PortsState ports = read_ports(relay_.network());
  port_watch_.look(ports);
  port_watch_.verify_steering(ports, relay_.sources());
  log_.tick();
  slow_timer_.expires_after(slow_period());
  slow_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) slow_tick();
  });
}

// A watchdog wants to be fed twice per period.
std::chrono::microseconds ControlLoop::slow_period() const {
  const auto watchdog = manager_.watchdog_period();
  return watchdog ? std::min<std::chrono::microseconds>(kSlowTick, *watchdog / 2) : kSlowTick;
}

// Calls that go on while we drain; once the drain has ended allocations, they end with the process.
std::uint64_t ControlLoop::connected_endpoints() const {
  if (media_ == nullptr || drain_.ending()) return 0;
  const rooms::Population population = media_->rooms().statistics().population();
  return population.endpoints_by_ice[static_cast<std::size_t>(rooms::IceViewState::connected)];
}

ProcessState ControlLoop::state() const {
  ProcessState state;
  state.draining = drain_.draining();
  state.ready = serving_ && !state.draining;
  state.started_unix_s = started_unix_s_;
  state.uptime_s =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_).count());
  state.control = {.turns = turns_.turns(),
                   .busy_ns = turns_.busy_so_far_ns(),
                   .longest_turn_ns = turns_.longest_ns(),
                   .recent_longest_turn_ns = turns_.recent_longest_ns()};
  state.reloads = reloads_;
  state.reloads_failed = reloads_failed_;
  state.records_written = records_.written();
  state.records_failed = records_.failed();
  state.relay_ports = relay_.relay_ports();
  state.ports = read_ports(relay_.network());
  if (media_ != nullptr) state.rooms = read_rooms(media_->rooms(), media_->handshakes(), front_.get());
  for (const net::Endpoint& e : relay_.fixed().listen) {
    state.listening.push_back(net::to_string(e));
    state.uris.push_back(turn_uri(e, relay_.fixed().relay_addresses));
  }
  return state;
}

}  // namespace penstock::control
