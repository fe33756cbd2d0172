#include "control/relay/network.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/relay/memory.h"
#include "control/startup/huge_pages.h"
#include "dataplane/net/environment.h"
#include "dataplane/port/dpdk/port.h"
#include "dataplane/port/uring/port.h"
#include "turn/port_slice.h"

namespace penstock::control {
namespace {

std::vector<port::DeviceSpec> devices_of(const DataplaneSection& dataplane) {
  std::vector<port::DeviceSpec> specs;
  for (const PortChoice& choice : dataplane.ports) {
    if (choice.device) specs.push_back(*choice.device);
  }
  return specs;
}

port::UringOptions uring_options(const DataplaneSection& dataplane) {
  port::UringOptions options;
  options.slabs = dataplane.slabs;
  options.packets = dataplane.packets;
  options.max_locals = locals_per_worker(dataplane);
  options.listener_buffer = static_cast<int>(dataplane.receive_buffer_kb << 10);
  return options;
}

}  // namespace

tl::expected<std::unique_ptr<Network>, std::string> Network::open(const Config& config, std::uint16_t workers) {
  const std::vector<port::DeviceSpec> specs = devices_of(config.dataplane);
  net::EnvironmentOptions environment{.memory_mb = environment_memory_mb(config, workers)};
  for (const port::DeviceSpec& spec : specs) {
    if (spec.is_pci()) environment.pci_devices.push_back(spec.arguments);
  }
  if (!specs.empty()) {
    auto huge = choose_huge_pages(config.dpdk.huge_pages, environment.memory_mb, !environment.pci_devices.empty());
    if (!huge) return tl::unexpected(huge.error());
    environment.huge_pages = *huge;
  }
  if (auto started = net::start_environment(environment); !started) return tl::unexpected(started.error());
  std::unique_ptr<Network> network(new Network(config.dataplane, config.dpdk, workers, environment.huge_pages));
  if (specs.empty()) return network;
  auto host = port::DpdkHost::open(specs);
  if (!host) return tl::unexpected(host.error());
  network->dpdk_ = std::move(*host);
  return network;
}

tl::expected<void, std::string> Network::start(const RelaySection& relay, std::span<const net::Address> addresses) {
  if (dpdk_ == nullptr) return {};
  port::DpdkOptions options;
  options.workers = workers_;
  for (std::uint16_t worker = 0; worker < workers_; ++worker) {
    const turn::PortSlice slice = turn::slice_of(relay.port_min, relay.port_max, worker, workers_);
    if (slice.begin == slice.end) continue;  // fewer ports than workers
    options.slices.push_back({static_cast<std::uint16_t>(slice.begin), static_cast<std::uint16_t>(slice.end - 1)});
  }
  options.packets = dataplane_.packets;
  options.descriptors = static_cast<std::uint16_t>(dpdk_section_.descriptors);
  options.handoff = dpdk_section_.handoff;
  options.max_locals = locals_per_worker(dataplane_);
  options.idle = dpdk_section_.idle;
  options.idle_sleep_us = dpdk_section_.idle_sleep_us;
  return dpdk_->start(options, addresses);
}

tl::expected<std::unique_ptr<port::Port>, std::string> Network::create_port(std::uint16_t worker) {
  if (dpdk_ != nullptr) return port::DpdkPort::create(*dpdk_, worker);
  return port::UringPort::create(uring_options(dataplane_));
}

void Network::close() {
  if (dpdk_ != nullptr) dpdk_->close_devices();
}

void Network::poll() {
  if (dpdk_ != nullptr) dpdk_->poll();
}

std::vector<std::string> Network::interfaces() const {
  return dpdk_ == nullptr ? std::vector<std::string>{} : dpdk_->kernel_interfaces();
}

}  // namespace penstock::control
