#include "bench/load/frames/run.h"

#include <fmt/format.h>

#include "bench/load/frames/dialogue.h"
#include "bench/load/frames/polling_thread.h"
#include "bench/load/frames/relay_watcher.h"
#include "bench/load/frames/report.h"

namespace penstock::frames {
namespace {

using Report = tl::expected<nlohmann::ordered_json, std::string>;

constexpr double kPatienceS = 10;
constexpr double kSpinRate = 1e6;
// Another station than any the relay could know; a reflector does not care.
constexpr net::MacAddress kReflector = {0x02, 0, 0, 0, 0, 0x01};

Report measure(const Options& options, Link& link, Gateway& gateway, const Lanes& lanes,
               const std::optional<SetupResult>& setup) {
  const TrafficPlan plan{options.rate_pps, options.window, options.warmup_s, options.duration_s};
  Traffic traffic(link, gateway, lanes, plan);
  std::optional<RelayWatcher> watcher;
  if (!options.metrics.empty()) {
    watcher.emplace(options.metrics, options.duration_s, [&] { return traffic.measuring(); });
  }
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
  const auto mac = find_relay(link, gateway);
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
