#include "control/lifecycle/daemon.h"

#include <csignal>

#include "control/lifecycle/control_loop.h"
#include "control/lifecycle/reload.h"
#include "control/log/record_file.h"
#include "control/relay/relay.h"
#include "control/relay/turn_settings.h"
#include "control/startup/checks.h"

namespace penstock::control {
namespace {

// Says everything there is to say about the host; false when the relay could not work.
bool report(const std::vector<Finding>& findings, Log& log) {
  bool good = true;
  for (const Finding& f : findings) {
    if (f.refuse) {
      log.error("cannot_start", f.what, {{"fix", f.fix}});
      good = false;
    } else {
      log.warning("startup_check", f.what, {{"fix", f.fix}});
    }
  }
  return good;
}

tl::expected<void, std::string> serve(const Sources& sources, const Config& config,
                                      const std::vector<std::uint32_t>& allowed_cores, const HostFacts& facts,
                                      const Plan& plan, Network& network, Log& log) {
  if (auto free = probe_listeners(plan.listen); !free) return free;
  auto records = RecordFile::open(config.log.allocations_file, log);
  if (!records) return tl::unexpected(records.error());
  const turn::FixedSettings fixed = fixed_settings(config, plan);
  auto settings = compile_settings(config, fixed, facts.addresses);
  if (!settings) return tl::unexpected(to_string(settings.error().front()));
  if (auto started = network.start(bound_addresses(plan)); !started) return started;
  auto relay = Relay::create(config, plan, network, fixed, std::move(*settings));
  if (!relay) return tl::unexpected(relay.error());
  ControlLoop loop(sources, config, allowed_cores, log, *records, **relay);
  return loop.listen().map([&] { loop.run(); });
}

}  // namespace

int run_daemon(const Sources& sources, Loaded loaded, const std::vector<std::uint32_t>& allowed_cores) {
  std::signal(SIGHUP, SIG_IGN);   // until it means a reload
  std::signal(SIGPIPE, SIG_IGN);  // a log whose reader went away must not end the relay
  Log log(loaded.config.log);
  const std::vector<std::uint32_t> cores = plan_cores(loaded.config.workers, allowed_cores);
  auto network = Network::open(loaded.config, static_cast<std::uint16_t>(cores.size()));
  if (!network) {
    log.error("cannot_start", network.error());
    return 1;
  }
  HostFacts facts = read_host_facts();
  facts.interfaces = (*network)->interfaces();
  const Plan plan = make_plan(loaded.config, facts, allowed_cores);
  report(check_secrecy(sources.file), log);
  if (!report(check_host(loaded.config, plan, facts), log)) return 1;
  if (auto served = serve(sources, loaded.config, allowed_cores, facts, plan, **network, log); !served) {
    log.error("cannot_start", served.error());
    return 1;
  }
  return 0;
}

}  // namespace penstock::control
