#include "control/startup/device_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/startup/number_ranges.h"
#include "control/startup/read_file.h"

namespace penstock::control {
namespace {

constexpr unsigned kHugePageMb = 2;
// Clients send media in packets of up to 1,200 to 1,460 bytes, sized for Ethernet.
constexpr std::uint16_t kUsualMtu = 1500;

void check_link(const DeviceFacts& device, Findings& findings) {
  if (device.link_up) return;
  findings.warn(fmt::format("{} has no link: nothing is received or sent until it comes up", device.name),
                device.shared ? fmt::format("ip link set {} up, then cable and switch port", device.interface)
                              : "cable and switch port; of a memif: start the program at its other end");
}

void check_queues(const DeviceFacts& device, std::size_t workers, Findings& findings) {
  const std::string fix =
      device.shared ? fmt::format("ethtool -L {} combined {} where its driver can, or workers.count = {}",
                                  device.interface, workers, device.rx_queues)
                    : fmt::format("workers.count = {}, or a device with {} queues", device.rx_queues, workers);
  if (device.rx_queues < workers) {
    const bool one = device.rx_queues == 1;
    findings.warn(fmt::format("{} has {} receive queue{} for {} workers: {}, which takes time of both for every packet",
                              device.name, device.rx_queues, one ? "" : "s", workers,
                              one ? "worker 0 receives for all and hands the others theirs by ring"
                                  : fmt::format("workers 0-{} receive for all and hand the others theirs by ring",
                                                device.rx_queues - 1)),
                  fix);
  } else if (device.tx_queues < workers) {
    findings.warn(fmt::format("{} has {} transmit queue{} for {} workers: the others hand their frames over by ring",
                              device.name, device.tx_queues, device.tx_queues == 1 ? "" : "s", workers),
                  fix);
  }
}

void check_steering(const DeviceFacts& device, std::size_t workers, Findings& findings) {
  if (device.steering != port::Steering::software || device.rx_queues < workers || workers == 1) return;
  findings.note(fmt::format("{} does not say that it hashes UDP of both families over its queues: clients are placed "
                            "by software, and handed over by ring when they arrived elsewhere",
                            device.name),
                device.shared ? fmt::format("nothing; 'ethtool -n {} rx-flow-hash udp4' tells what the kernel set",
                                            device.interface)
                              : "nothing; penstock_steering_handed_over_total tells how often");
}

// The kernel spreads packets over all receive queues of an interface, and net_af_xdp serves the "combined" ones: a veth
// has none such.
void check_unserved_queues(const DeviceFacts& device, const HostRoots& roots, Findings& findings) {
  if (!device.af_xdp) return;
  unsigned queues = 0;
  std::error_code error;
  const auto directory = roots.sys / "class/net" / device.interface / "queues";
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    queues += entry.path().filename().string().starts_with("rx-") ? 1 : 0;
  }
  if (queues <= device.rx_queues) return;
  findings.warn(fmt::format("{} has {} receive queues and {} can be served: what arrives at the others is lost to the "
                            "relay (penstock_xdp_frames_total, verdict unserved)",
                            device.name, queues, device.rx_queues),
                fmt::format("ethtool -L {0} combined {1}, of a veth: ethtool -L {0} rx {1} tx {1}", device.interface,
                            device.rx_queues));
}

void check_vlan(const DeviceFacts& device, Findings& findings) {
  if (!device.strips_vlan || device.vlan_interface.empty()) return;
  findings.warn(fmt::format("{} takes VLAN tags off before XDP sees them: the relay cannot tell {} from {}",
                            device.name, device.vlan_interface, device.name),
                fmt::format("ethtool -K {} rxvlan off (of a veth: at its peer, txvlan off)", device.interface));
}

void check_generic_xdp(const DeviceFacts& device, Findings& findings) {
  if (!device.generic_xdp) return;
  findings.warn(fmt::format("the kernel's driver of {} has no XDP: packets are copied after the kernel received them, "
                            "which is several times slower",
                            device.interface),
                "a NIC whose driver has XDP (ethtool -i tells the driver), or the NIC by PCI address");
}

void check_mtu(const DeviceFacts& device, Findings& findings) {
  if (device.mtu >= kUsualMtu) return;
  findings.warn(
      fmt::format("{} has an MTU of {}: media packets of full size go out in fragments", device.name, device.mtu),
      device.shared ? fmt::format("ip link set {} mtu 1500, when the link can", device.interface)
                    : "';mtu=1500' behind the device in dataplane.ports, when the link can");
}

// node0/cpulist and so on.
std::vector<std::uint32_t> cores_of_node(int node, const HostRoots& roots) {
  std::vector<std::uint32_t> cores;
  const auto list = parse_ranges(read_file(roots.sys / fmt::format("devices/system/node/node{}/cpulist", node)));
  for (std::uint32_t core = 0; core < 4096; ++core) {
    if (holds(list, core)) cores.push_back(core);
  }
  return cores;
}

void check_numa(const DeviceFacts& device, std::span<const std::uint32_t> workers, const HostRoots& roots,
                Findings& findings) {
  if (device.numa_node < 0) return;
  const std::vector<std::uint32_t> local = cores_of_node(device.numa_node, roots);
  if (local.empty()) return;
  std::vector<std::uint32_t> remote;
  std::ranges::copy_if(workers, std::back_inserter(remote),
                       [&](std::uint32_t core) { return std::ranges::find(local, core) == local.end(); });
  if (remote.empty()) return;
  findings.warn(fmt::format("{} is on NUMA node {}, and the workers' cores {} are not: every packet of theirs crosses "
                            "between the processors",
                            device.name, device.numa_node, to_text(remote)),
                fmt::format("workers.cores out of {}", to_text(local)));
}

void check_huge_pages(const DeviceCheckInput& input, Findings& findings) {
  if (input.huge_pages) return;
  findings.warn("packet pools are in ordinary pages: about half the speed of huge ones",
                fmt::format("sysctl -w vm.nr_hugepages={} (into /etc/sysctl.d for good) and start again",
                            (input.memory_mb + 1) / kHugePageMb + 8));
}

void check_isolation(std::span<const std::uint32_t> workers, const HostRoots& roots, Findings& findings) {
  const auto isolated = parse_ranges(read_file(roots.sys / "devices/system/cpu/isolated"));
  const auto without_tick = parse_ranges(read_file(roots.sys / "devices/system/cpu/nohz_full"));
  std::vector<std::uint32_t> shared;
  std::ranges::copy_if(workers, std::back_inserter(shared),
                       [&](std::uint32_t core) { return !holds(isolated, core) || !holds(without_tick, core); });
  if (shared.empty()) return;
  findings.note(fmt::format("the kernel runs other work and its tick on the workers' cores {}: packets wait for that, "
                            "now and then",
                            to_text(shared)),
                fmt::format("boot with isolcpus={0} nohz_full={0} rcu_nocbs={0}", to_text(shared)));
}

}  // namespace

std::vector<Finding> check_devices(const DeviceCheckInput& input, const HostRoots& roots) {
  Findings findings;
  if (input.devices.empty()) return {};
  for (const DeviceFacts& device : input.devices) {
    check_link(device, findings);
    check_queues(device, input.cores.size(), findings);
    check_steering(device, input.cores.size(), findings);
    check_unserved_queues(device, roots, findings);
    check_vlan(device, findings);
    check_generic_xdp(device, findings);
    check_mtu(device, findings);
    check_numa(device, input.cores, roots, findings);
  }
  check_huge_pages(input, findings);
  check_isolation(input.cores, roots, findings);
  return findings.take();
}

}  // namespace penstock::control
