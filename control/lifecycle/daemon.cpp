#include "control/lifecycle/daemon.h"

#include <algorithm>
#include <csignal>
#include <iterator>

#include "control/lifecycle/control_loop.h"
#include "control/lifecycle/give_way.h"
#include "control/lifecycle/read_ports.h"
#include "control/lifecycle/reload.h"
#include "control/log/record_file.h"
#include "control/relay/media_plane.h"
#include "control/relay/memory.h"
#include "control/relay/relay.h"
#include "control/relay/turn_settings.h"
#include "control/startup/checks.h"
#include "control/startup/device_checks.h"
#include "control/startup/locked_memory.h"
#include "control/startup/pci_checks.h"
#include "control/startup/port_range_checks.h"

namespace penstock::control {
namespace {

// Says everything there is to say about the host; false when the relay could not work.
bool report(const std::vector<Finding>& findings, Log& log) {
  bool good = true;
  for (const Finding& f : findings) {
    if (f.refuse) {
      log.error("cannot_start", f.what, {{"fix", f.fix}});
      good = false;
    } else if (f.note) {
      log.info("startup_note", f.what, {{"fix", f.fix}});
    } else {
      log.warning("startup_check", f.what, {{"fix", f.fix}});
    }
  }
  return good;
}

// What can be told of NICs before DPDK touches them.
bool report_nics(const Config& config, std::size_t workers, Log& log) {
  std::vector<port::DeviceSpec> devices;
  for (const PortChoice& choice : config.dataplane.ports) {
    if (choice.device) devices.push_back(*choice.device);
  }
  const unsigned memory_mb = environment_memory_mb(config, static_cast<unsigned>(workers));
  const bool there = report(check_shared_interfaces(devices), log);
  const bool ours = report(check_pci_devices(devices), log);
  return report(check_locked_memory(devices, memory_mb, read_lock_limit()), log) && there && ours;
}

// What can be told of devices once they run.
void report_devices(const Config& config, const Plan& plan, const Network& network, Log& log) {
  std::vector<DeviceFacts> devices;
  for (const DeviceState& device : read_ports(network).devices) devices.push_back(device.facts);
  const auto memory_mb = environment_memory_mb(config, static_cast<unsigned>(plan.cores.size()));
  report(check_devices({devices, plan.cores, network.huge_pages(), memory_mb}), log);
  if (network.dpdk() != nullptr) report(check_foreign_sockets(config.relay, plan, udp_sockets()), log);
}

tl::expected<void, std::string> serve(const Sources& sources, const Config& config,
                                      const std::vector<std::uint32_t>& allowed_cores, const HostFacts& facts,
                                      const Plan& plan, Network& network, Log& log) {
  std::vector<net::Endpoint> listening = plan.listen;
  std::ranges::copy(media_endpoints(config, plan), std::back_inserter(listening));
  auto held = hold_listeners(listening);
  if (!held) return tl::unexpected(held.error());
  if (network.dpdk() == nullptr) held->let_go();  // the workers' own sockets follow
  auto records = RecordFile::open(config.log.allocations_file, log);
  if (!records) return tl::unexpected(records.error());
  const turn::FixedSettings fixed = fixed_settings(config, plan);
  auto settings = compile_settings(config, fixed, facts.addresses);
  if (!settings) return tl::unexpected(to_string(settings.error().front()));
  if (auto started = network.start(config.relay, bound_addresses(plan)); !started) return started;
  report_devices(config, plan, network, log);
  std::unique_ptr<MediaPlane> media;
  if (config.http.enabled()) {
    auto created = MediaPlane::create(config, plan);
    if (!created) return tl::unexpected(created.error());
    media = std::move(*created);
  }
  auto relay = Relay::create(config, plan, network, media.get(), fixed, std::move(*settings));
  if (!relay) return tl::unexpected(relay.error());
  give_way_to_workers(plan.cores, allowed_cores);
  ControlLoop loop(sources, config, allowed_cores, log, *records, **relay);
  if (media != nullptr) {
    if (auto opened = loop.open_rooms(*media); !opened) return opened;
  }
  return loop.listen().map([&] { loop.run(); });
}

}  // namespace

int run_daemon(const Sources& sources, Loaded loaded, const std::vector<std::uint32_t>& allowed_cores) {
  std::signal(SIGHUP, SIG_IGN);   // until it means a reload
  std::signal(SIGPIPE, SIG_IGN);  // a log whose reader went away must not end the relay
  Log log(loaded.config.log);
  const std::vector<std::uint32_t> cores = plan_cores(loaded.config.workers, allowed_cores);
  if (!report_nics(loaded.config, cores.size(), log)) return 1;
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
