#include "control/lifecycle/read_ports.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>

#include <cctype>
#include <charconv>

#include "control/startup/read_file.h"
#include "dataplane/port/dpdk/interface_request.h"

namespace penstock::control {
namespace {

std::string to_text(const net::MacAddress& mac) {
  return fmt::format("{:02x}", fmt::join(mac, ":"));
}

// As DPDK has it: two devices of one driver have different names.
std::string name_of(const port::Device& device) {
  const port::DeviceSpec& spec = device.spec();
  if (!spec.kernel_interface().empty()) return std::string(spec.kernel_interface());
  const std::string name(spec.device());
  const bool numbered = std::isdigit(static_cast<unsigned char>(name.back())) != 0;
  return numbered ? name : fmt::format("{}{}", name, device.index());
}

std::vector<std::string> names_of(const port::Offloads& offloads) {
  std::vector<std::string> names;
  const auto add = [&](bool has, const char* name) {
    if (has) names.emplace_back(name);
  };
  add(offloads.rx_ip_checksum, "rx_ip_checksum");
  add(offloads.rx_udp_checksum, "rx_udp_checksum");
  add(offloads.tx_ip_checksum, "tx_ip_checksum");
  add(offloads.tx_udp_checksum, "tx_udp_checksum");
  return names;
}

// Of a kernel interface the kernel knows; DPDK's software drivers say whatever node they were made on.
int numa_node_of(const port::Device& device, const std::string& interface) {
  if (device.spec().is_pci()) return device.numa_node();
  const std::string text = read_file("/sys/class/net/" + interface + "/device/numa_node");
  int node = -1;
  std::from_chars(text.data(), text.data() + text.size(), node);
  return node;
}

bool strips_vlan(const std::string& interface) {
  ethtool_value flags{ETHTOOL_GFLAGS, 0};
  return port::ask_interface(interface, SIOCETHTOOL, &flags) && (flags.data & ETH_FLAG_RXVLAN) != 0;
}

DeviceFacts facts_of(const port::DpdkHost& host, const port::Device& device) {
  DeviceFacts facts;
  facts.name = name_of(device);
  facts.driver = device.driver();
  facts.interface = host.kernel_interfaces()[device.index()];
  facts.shared = device.kernel_interface() != 0;
  facts.mac = to_text(device.mac());
  facts.mtu = device.mtu();
  facts.rx_queues = device.rx_queues();
  facts.tx_queues = device.tx_queues();
  facts.steering = host.steering(device.index());
  facts.offloads = names_of(device.offloads());
  facts.interrupts = device.offloads().rx_interrupts;
  const port::XdpFilter* filter = host.filter(device.index());
  facts.af_xdp = filter != nullptr;
  facts.strips_vlan = facts.af_xdp && strips_vlan(facts.interface);
  facts.generic_xdp = filter != nullptr && filter->is_generic();
  facts.numa_node = numa_node_of(device, facts.interface);
  facts.link_up = device.link_up();
  return facts;
}

XdpState xdp_of(const port::XdpFilter& filter) {
  const port::XdpCounters c = filter.counters();
  return {c.taken, c.taken_fragments, c.taken_errors, c.unserved, c.passed};
}

ExceptionState exceptions_of(const port::ExceptionPath& path) {
  ExceptionState state;
  for (std::size_t i = 0; i < port::kPuntClassCount; ++i) {
    const auto c = static_cast<port::PuntClass>(i);
    state.classes.push_back({port::kPuntClassNames[i], path.punted(c), path.punt_dropped(c)});
  }
  state.delivered = path.counters().delivered.get();
  state.refused = path.counters().refused.get();
  state.injected = path.counters().injected.get();
  state.inject_dropped = path.counters().inject_dropped.get();
  return state;
}

DeviceState state_of(const port::DpdkHost& host, const port::Device& device) {
  DeviceState state;
  const port::DeviceCounters& counters = device.counters();
  state.facts = facts_of(host, device);
  state.link_mbps = device.link_mbps();
  state.link_changes = counters.link_changes.get();
  state.received_frames = counters.received_packets.get();
  state.sent_frames = counters.sent_packets.get();
  state.missed = counters.missed.get();
  state.no_packet = counters.no_packet.get();
  state.receive_errors = counters.rx_errors.get();
  state.send_errors = counters.tx_errors.get();
  if (const port::XdpFilter* filter = host.filter(device.index())) state.xdp = xdp_of(*filter);
  if (const port::ExceptionPath* path = host.mirror().exception_path(device.index())) {
    state.exceptions = exceptions_of(*path);
  }
  return state;
}

InterfaceState state_of(const port::InterfaceFacts& facts, const std::vector<DeviceState>& devices) {
  InterfaceState state{facts.name, "", std::nullopt, to_text(facts.mac), facts.mtu, facts.up, {}};
  if (facts.device < devices.size()) state.device = devices[facts.device].facts.name;
  if (facts.vlan != net::kNoVlan) state.vlan = facts.vlan;
  for (const port::InterfaceAddress& a : facts.addresses) state.addresses.push_back(port::to_string(a));
  return state;
}

MirrorState state_of(const port::KernelMirror& mirror) {
  static_assert(port::kHopStateCount == kNeighbourStateNames.size());
  MirrorState state;
  const port::MirrorCounters& counters = mirror.counters();
  for (std::size_t i = 0; i < port::kHopStateCount; ++i) state.neighbours[i] = counters.neighbours[i].get();
  state.routes = counters.routes.get();
  state.route_updates = counters.route_updates.get();
  state.resyncs = counters.resyncs.get();
  state.netlink_errors = counters.netlink_errors.get();
  state.warnings = mirror.warnings();
  return state;
}

}  // namespace

PortsState read_ports(const Network& network) {
  PortsState state;
  const port::DpdkHost* host = network.dpdk();
  if (host == nullptr) return state;
  state.dpdk = true;
  state.huge_pages = network.huge_pages();
  for (const auto& device : host->devices()) state.devices.push_back(state_of(*host, *device));
  for (const port::InterfaceFacts& i : host->mirror().interfaces()) {
    state.interfaces.push_back(state_of(i, state.devices));
    if (i.vlan != net::kNoVlan && i.device < state.devices.size()) {
      state.devices[i.device].facts.vlan_interface = i.name;
    }
  }
  state.mirror = state_of(host->mirror());
  state.notes = host->notes();
  return state;
}

}  // namespace penstock::control
