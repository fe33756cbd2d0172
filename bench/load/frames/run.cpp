#include "bench/load/frames/run.h"

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_lcore.h>

#include <chrono>
#include <future>
#include <thread>

#include "bench/load/frames/dialogue.h"
#include "bench/load/frames/report.h"
#include "bench/load/turn/server_process.h"

namespace penstock::frames {
namespace {

using Report = tl::expected<nlohmann::ordered_json, std::string>;
using namespace std::chrono_literals;

constexpr double kPatienceS = 10;
constexpr double kSpinRate = 1e6;
// Another station than any the relay could know; a reflector does not care.
constexpr net::MacAddress kReflector = {0x02, 0, 0, 0, 0, 0x01};

/// Runs `work` on a thread of its own: pinned, and registered with DPDK, so that it has caches of packets.
template <class Work>
auto on_polling_thread(const std::optional<unsigned>& cpu, Work work) -> decltype(work()) {
  std::packaged_task<decltype(work())()> task([&]() -> decltype(work()) {
    if (cpu) {
      if (auto pinned = load::pin_to_cpu(*cpu); !pinned) return tl::unexpected(pinned.error());
    }
    if (rte_thread_register() != 0) return tl::unexpected(std::string("cannot register a thread with DPDK"));
    auto result = work();
    rte_thread_unregister();
    return result;
  });
  auto result = task.get_future();
  std::thread thread(std::move(task));
  thread.join();
  return result.get();
}

/// Reads the relay's counters at both ends of the measured interval, on the side.
class Watcher {
 public:
  Watcher(const Options& options, const Traffic& traffic)
      : result_(std::async(std::launch::async, [&] { return watch(options, traffic); })) {}

  tl::expected<ServerResult, std::string> result() { return result_.get(); }

 private:
  static tl::expected<ServerResult, std::string> watch(const Options& options, const Traffic& traffic) {
    while (!traffic.measuring()) std::this_thread::sleep_for(1ms);
    const auto before = read_relay_counters(options.metrics);
    if (!before) return tl::unexpected(before.error());
    std::this_thread::sleep_for(std::chrono::duration<double>(0.9 * options.duration_s));
    const auto after = read_relay_counters(options.metrics);
    if (!after) return tl::unexpected(after.error());
    return ServerResult{*after - *before, static_cast<double>(rte_get_tsc_hz())};
  }

  std::future<tl::expected<ServerResult, std::string>> result_;
};

Report measure(const Options& options, Link& link, Gateway& gateway, const Lanes& lanes,
               const std::optional<SetupResult>& setup) {
  const TrafficPlan plan{options.rate_pps, options.window, options.warmup_s, options.duration_s};
  Traffic traffic(link, gateway, lanes, plan);
  std::optional<Watcher> watcher;
  if (!options.metrics.empty()) watcher.emplace(options, traffic);
  const TrafficResult result = traffic.run();
  std::optional<ServerResult> server;
  if (watcher) {
    auto seen = watcher->result();
    if (!seen) return tl::unexpected(seen.error());
    server = std::move(*seen);
  }
  return to_json(options, setup, result, server);
}

Report against_relay(const Options& options, Link& link) {
  Gateway gateway(options.cast, link.mac());
  Dialogue dialogue(link, gateway, options.cast, options.user, options.password, options.concurrency);
  const auto mac = dialogue.find_relay();
  if (!mac) return tl::unexpected(mac.error());
  if (auto ready = dialogue.establish(); !ready) {
    dialogue.release();
    return tl::unexpected(ready.error());
  }
  const SetupResult setup{dialogue.tally(), dialogue.seconds()};
  const auto relayed = dialogue.relayed();
  const Lanes lanes =
      Lanes::through_relay(options.cast, relayed, {*mac, link.mac()}, options.direction, options.payload_bytes);
  Report report = measure(options, link, gateway, lanes, setup);
  dialogue.release();
  return report;
}

Report against_reflector(const Options& options, Link& link) {
  Gateway gateway(options.cast, link.mac());
  const Lanes lanes =
      Lanes::reflected(options.cast, {kReflector, link.mac()}, options.direction, options.payload_bytes);
  return measure(options, link, gateway, lanes, std::nullopt);
}

Report spin_here(const Options& options) {
  if (auto started = net::start_environment(16); !started) return tl::unexpected(started.error());
  return on_polling_thread(options.cpu,
                           [&]() -> Report { return to_json(options, spin(options.duration_s, kSpinRate)); });
}

}  // namespace

Report run(const Options& options) {
  if (options.mode == Mode::spin) return spin_here(options);
  auto link = Link::open(options.link);
  if (!link) return tl::unexpected(link.error());
  if (!(*link)->wait_until_up(kPatienceS)) {
    return tl::unexpected(fmt::format("{}: nobody is at the other end", options.link.device));
  }
  return on_polling_thread(options.cpu, [&]() -> Report {
    return options.mode == Mode::relay ? against_relay(options, **link) : against_reflector(options, **link);
  });
}

}  // namespace penstock::frames
