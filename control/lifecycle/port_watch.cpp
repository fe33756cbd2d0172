#include "control/lifecycle/port_watch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace penstock::control {

void PortWatch::announce(const PortsState& ports) {
  if (!ports.dpdk) log_.info("port", "kernel sockets by io_uring, on every interface");
  for (const DeviceState& device : ports.devices) {
    announce(device, ports.huge_pages);
    links_up_.push_back(device.facts.link_up);
  }
  for (const std::string& note : ports.notes) log_.info("port_note", note);
  tell_warnings(ports);
}

void PortWatch::announce(const DeviceState& device, bool huge_pages) {
  const DeviceFacts& f = device.facts;
  log_.info("port", "a device of DPDK",
            {{"device", f.name},
             {"driver", f.driver},
             {"interface", f.interface},
             {"mac", f.mac},
             {"mtu", f.mtu},
             {"link", f.link_up ? "up" : "down"},
             {"mbps", device.link_mbps},
             {"rx_queues", f.rx_queues},
             {"tx_queues", f.tx_queues},
             {"steering", port::name(f.steering)},
             {"offloads", f.offloads.empty() ? "none" : fmt::format("{}", fmt::join(f.offloads, ","))},
             {"interrupts", f.interrupts},
             {"numa_node", f.numa_node},
             {"huge_pages", huge_pages}});
}

void PortWatch::look(const PortsState& ports) {
  for (std::size_t i = 0; i < ports.devices.size() && i < links_up_.size(); ++i) {
    const bool up = ports.devices[i].facts.link_up;
    if (up == links_up_[i]) continue;
    links_up_[i] = up;
    tell_link(ports.devices[i]);
  }
  tell_warnings(ports);
}

void PortWatch::verify_steering(const PortsState& ports, const std::vector<WorkerSource>& workers) {
  constexpr std::uint64_t kPackets = 1000;
  constexpr std::uint64_t kOneInTwenty = 20;
  const bool by_rules = std::ranges::any_of(
      ports.devices, [](const DeviceState& d) { return d.facts.steering == port::Steering::flow_rules; });
  if (steering_known_ || !by_rules) return;
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  for (const WorkerSource& w : workers) {
    right += w.port->same_worker.get();
    wrong += w.port->handed_over.get();
  }
  if (right + wrong < kPackets) return;
  steering_known_ = true;
  if (wrong * kOneInTwenty <= right) {
    log_.info("steering_verified", "the devices bring packets to their workers",
              {{"same_worker", right}, {"handed_over", wrong}});
  } else {
    log_.warning(
        "steering_not_effective", "the devices took the rules for ports, and packets arrive elsewhere",
        {{"same_worker", right}, {"handed_over", wrong}, {"fix", "update the NIC's firmware, or live with it"}});
  }
}

void PortWatch::tell_link(const DeviceState& device) {
  const DeviceFacts& f = device.facts;
  if (f.link_up) {
    log_.info("link_up", "packets flow again", {{"device", f.name}, {"mbps", device.link_mbps}});
  } else {
    log_.warning("link_down", "nothing is received or sent until it is back", {{"device", f.name}});
  }
}

void PortWatch::tell_warnings(const PortsState& ports) {
  if (!ports.mirror || ports.mirror->warnings == warnings_) return;
  for (const std::string& w : ports.mirror->warnings) {
    if (std::ranges::find(warnings_, w) == warnings_.end()) log_.warning("not_mirrored", w);
  }
  warnings_ = ports.mirror->warnings;
}

}  // namespace penstock::control
