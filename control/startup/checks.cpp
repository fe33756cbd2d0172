#include "control/startup/checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "control/startup/port_range_checks.h"

namespace penstock::control {
namespace {

// Multishot recvmsg into provided buffers, which the uring port lives on.
constexpr unsigned kKernelMajor = 6;
constexpr unsigned kKernelMinor = 0;
// Rings, event descriptors, log, HTTP connections.
constexpr std::uint64_t kDescriptorsBesides = 256;

void check_kernel(const HostFacts& facts, Findings& findings) {
  if (std::pair(facts.kernel_major, facts.kernel_minor) < std::pair(kKernelMajor, kKernelMinor)) {
    findings.refuse(fmt::format("Linux {}.{} has no multishot receive", facts.kernel_major, facts.kernel_minor),
                    "run Linux 6.0 or later (Debian 12 has 6.1)");
  }
  if (facts.io_uring_disabled == 2 || (facts.io_uring_disabled == 1 && !facts.privileged)) {
    findings.refuse(fmt::format("io_uring is switched off (kernel.io_uring_disabled = {})", facts.io_uring_disabled),
                    "sysctl -w kernel.io_uring_disabled=0");
  }
}

void check_descriptors(const Config& config, const Plan& plan, const HostFacts& facts, Findings& findings) {
  const std::uint64_t wanted = descriptors_wanted(config, plan);
  if (facts.descriptors >= wanted) return;
  findings.warn(
      fmt::format("{} descriptors for up to {} allocations and listeners: the rest will be refused (508)",
                  facts.descriptors, wanted - kDescriptorsBesides),
      fmt::format("LimitNOFILE={} in the unit (ulimit -Hn {}), or limits.total_allocations = {}", wanted, wanted,
                  facts.descriptors > kDescriptorsBesides ? facts.descriptors - kDescriptorsBesides : 1));
}

void check_buffers(const Config& config, const HostFacts& facts, Findings& findings) {
  const std::uint64_t wanted = std::uint64_t{config.dataplane.receive_buffer_kb} << 10;
  if (facts.may_exceed_rmem_max || facts.rmem_max_bytes == 0 || facts.rmem_max_bytes >= wanted) return;
  findings.warn(fmt::format("net.core.rmem_max is {}: bursts may be lost in the kernel", facts.rmem_max_bytes),
                fmt::format("sysctl -w net.core.rmem_max={}", wanted));
}

// A device cannot receive for the loopback interface. Other interfaces' addresses may be routed to it.
void check_reachable(const Plan& plan, Findings& findings) {
  for (const net::Endpoint& e : plan.listen) {
    const bool loopback =
        e.address.is_v4() ? e.address.v4_host_order() >> 24 == 127 : e.address == net::parse_address("::1").value();
    if (!loopback) continue;
    findings.refuse(fmt::format("listen.addresses: nothing reaches {} through a DPDK device", net::to_string(e)),
                    "listen on an address of the device's interface, or use --port uring");
  }
}

void check_addresses(const Plan& plan, const HostFacts& facts, Findings& findings) {
  std::vector<std::string> known;
  for (const HostAddress& h : facts.addresses) known.push_back(net::to_string(h.address));
  const auto check = [&](const net::Address& a, const char* key, const char* hint) {
    const std::string text = net::to_string(a);
    if (std::ranges::find(known, text) != known.end()) return;
    // All of 127/8 is the loopback interface's.
    if (a.is_v4() && a.v4_host_order() >> 24 == 127) return;
    findings.refuse(fmt::format("{}: this host has no address {}; it has {}", key, text, fmt::join(known, ", ")), hint);
  };
  if (plan.listen.empty()) findings.refuse("this host has no address to listen on", "ip addr add ...");
  for (const net::Endpoint& e : plan.listen) check(e.address, "listen.addresses", "--listen with one of these");
  for (const turn::RelayAddress& r : plan.relay) {
    check(r.address, "relay.addresses", "behind a NAT write --relay LOCAL=ADVERTISED");
  }
}

}  // namespace

Plan make_plan(const Config& config, const HostFacts& facts, const std::vector<std::uint32_t>& allowed_cores) {
  Plan plan;
  plan.listen = listen_endpoints(config.listen, addresses_of(facts.addresses, facts.interfaces));
  plan.relay = relay_addresses(config.relay, plan.listen);
  plan.cores = plan_cores(config.workers, allowed_cores);
  return plan;
}

std::vector<std::uint32_t> plan_cores(const WorkersSection& workers, const std::vector<std::uint32_t>& allowed_cores) {
  std::vector<std::uint32_t> cores = workers.cores.empty() ? allowed_cores : workers.cores;
  const std::uint32_t most = workers.count != 0 ? workers.count : kMostWorkers;
  if (cores.size() > most) cores.resize(most);
  return cores;
}

std::vector<net::Address> bound_addresses(const Plan& plan) {
  std::vector<net::Address> addresses;
  for (const net::Endpoint& e : plan.listen) addresses.push_back(e.address);
  for (const turn::RelayAddress& r : plan.relay) addresses.push_back(r.address);
  std::ranges::sort(addresses);
  const auto [first, last] = std::ranges::unique(addresses);
  addresses.erase(first, last);
  return addresses;
}

bool uses_dpdk(const Config& config) {
  return std::ranges::any_of(config.dataplane.ports, [](const PortChoice& p) { return p.device.has_value(); });
}

std::uint64_t descriptors_wanted(const Config& config, const Plan& plan) {
  const std::uint64_t workers = plan.cores.size();
  const std::uint64_t ports = plan.relay.size() * (std::uint64_t{config.relay.port_max} - config.relay.port_min + 1);
  std::uint64_t allocations = std::min(ports, workers * config.dataplane.allocations);
  if (config.limits.total.allocations != 0) {
    allocations = std::min<std::uint64_t>(allocations, config.limits.total.allocations);
  }
  return allocations + plan.listen.size() * workers + kDescriptorsBesides;
}

std::vector<Finding> check_host(const Config& config, const Plan& plan, const HostFacts& facts) {
  Findings findings;
  check_addresses(plan, facts, findings);
  check_ephemeral_ports(config.relay, facts, uses_dpdk(config), findings);
  if (uses_dpdk(config)) {
    check_reachable(plan, findings);
    return findings.take();
  }
  check_kernel(facts, findings);
  check_descriptors(config, plan, facts, findings);
  check_buffers(config, facts, findings);
  return findings.take();
}

}  // namespace penstock::control
