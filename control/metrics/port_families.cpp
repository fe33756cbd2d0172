#include "control/metrics/port_families.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace penstock::control {
namespace {

constexpr auto kCounter = MetricKind::counter;
constexpr auto kGauge = MetricKind::gauge;

class DeviceFamilies {
 public:
  DeviceFamilies(Families& families, const PortsState& ports) : families_(families), ports_(ports) {}

  // One sample per device.
  template <class Read>
  void each(std::string_view name, MetricKind kind, std::string_view help, Read&& read) {
    families_.family(name, kind, help);
    for (const DeviceState& d : ports_.devices) families_.add(static_cast<double>(read(d)), {{"device", d.facts.name}});
  }
  // Per device that has such a part.
  template <class Part, class Read>
  void each_with(std::optional<Part> DeviceState::* part, std::string_view name, MetricKind kind, std::string_view help,
                 Read&& read) {
    if (std::ranges::none_of(ports_.devices, [&](const DeviceState& d) { return (d.*part).has_value(); })) return;
    families_.family(name, kind, help);
    for (const DeviceState& d : ports_.devices) {
      if (d.*part) read(*(d.*part), d.facts.name);
    }
  }

  void facts();
  void traffic();
  void xdp();
  void exceptions();

 private:
  Families& families_;
  const PortsState& ports_;
};

void DeviceFamilies::facts() {
  families_.family("penstock_device_info", kGauge, "Always 1; the labels say what each device is.");
  for (const DeviceState& d : ports_.devices) {
    families_.add(1, {{"device", d.facts.name},
                      {"driver", d.facts.driver},
                      {"interface", d.facts.interface},
                      {"steering", std::string(port::name(d.facts.steering))},
                      {"offloads", fmt::format("{}", fmt::join(d.facts.offloads, ","))}});
  }
  families_.family("penstock_device_queues", kGauge, "Queues in use, by direction.");
  for (const DeviceState& d : ports_.devices) {
    families_.add(d.facts.rx_queues, {{"device", d.facts.name}, {"direction", "receive"}});
    families_.add(d.facts.tx_queues, {{"device", d.facts.name}, {"direction", "transmit"}});
  }
  each("penstock_device_mtu_bytes", kGauge, "Longest IP packet.", [](auto& d) { return d.facts.mtu; });
  each("penstock_device_link_up", kGauge, "1 when the link is up.", [](auto& d) { return d.facts.link_up ? 1 : 0; });
  each("penstock_device_link_bits_per_second", kGauge, "Speed of the link; 0 when it is not known.",
       [](auto& d) { return d.link_mbps * 1e6; });
  each("penstock_device_link_changes_total", kCounter, "Times the link came up or went down.",
       [](auto& d) { return d.link_changes; });
}

void DeviceFamilies::traffic() {
  each("penstock_device_received_frames_total", kCounter, "Frames received, as the device counts.",
       [](auto& d) { return d.received_frames; });
  each("penstock_device_sent_frames_total", kCounter, "Frames sent, as the device counts.",
       [](auto& d) { return d.sent_frames; });
  each("penstock_device_missed_total", kCounter,
       "Frames lost because a receive queue was full (imissed): the worker did not keep up.",
       [](auto& d) { return d.missed; });
  each("penstock_device_no_packet_total", kCounter,
       "Frames lost because the packet pool was empty (rx_nombuf): raise dataplane.packets.",
       [](auto& d) { return d.no_packet; });
  each("penstock_device_receive_errors_total", kCounter, "Frames received broken.",
       [](auto& d) { return d.receive_errors; });
  each("penstock_device_send_errors_total", kCounter, "Frames the device failed to send.",
       [](auto& d) { return d.send_errors; });
}

void DeviceFamilies::xdp() {
  const auto part = &DeviceState::xdp;
  each_with(part, "penstock_xdp_frames_total", kCounter, "Frames our XDP program saw, by what it did with them.",
            [&](const XdpState& x, const std::string& device) {
              families_.add(static_cast<double>(x.taken), {{"device", device}, {"verdict", "taken"}});
              families_.add(static_cast<double>(x.unserved), {{"device", device}, {"verdict", "unserved"}});
              families_.add(static_cast<double>(x.passed), {{"device", device}, {"verdict", "passed"}});
            });
  each_with(part, "penstock_xdp_taken_fragments_total", kCounter, "Of the frames taken: fragments.",
            [&](const XdpState& x, const std::string& device) {
              families_.add(static_cast<double>(x.taken_fragments), {{"device", device}});
            });
  each_with(part, "penstock_xdp_taken_errors_total", kCounter, "Of the frames taken: ICMP errors.",
            [&](const XdpState& x, const std::string& device) {
              families_.add(static_cast<double>(x.taken_errors), {{"device", device}});
            });
}

void DeviceFamilies::exceptions() {
  const auto of_classes = [&](std::string_view name, std::string_view help, auto read) {
    each_with(&DeviceState::exceptions, name, kCounter, help, [&](const ExceptionState& e, const std::string& device) {
      for (const auto& c : e.classes) {
        families_.add(static_cast<double>(read(c)), {{"device", device}, {"class", std::string(c.name)}});
      }
    });
  };
  const auto of_device = [&](std::string_view name, std::string_view help, std::uint64_t ExceptionState::* member) {
    each_with(&DeviceState::exceptions, name, kCounter, help, [&](const ExceptionState& e, const std::string& device) {
      families_.add(static_cast<double>(e.*member), {{"device", device}});
    });
  };
  of_classes("penstock_punted_total", "Frames handed to the kernel, by class.", [](auto& c) { return c.punted; });
  of_classes("penstock_punt_dropped_total", "Frames not handed to the kernel: over the rate of their class.",
             [](auto& c) { return c.dropped; });
  of_device("penstock_punt_delivered_total", "Punted frames that the kernel took.", &ExceptionState::delivered);
  of_device("penstock_punt_refused_total", "Punted frames that the kernel did not take (tap down).",
            &ExceptionState::refused);
  of_device("penstock_injected_total", "Frames of the kernel for the wire.", &ExceptionState::injected);
  of_device("penstock_inject_dropped_total", "Frames of the kernel dropped: worker 0 did not keep up.",
            &ExceptionState::inject_dropped);
}

void add_interfaces(Families& families, const PortsState& ports) {
  if (ports.interfaces.empty()) return;
  families.family("penstock_interface_up", MetricKind::gauge, "1 when the kernel's interface is up and has carrier.");
  for (const InterfaceState& i : ports.interfaces) {
    families.add(i.up ? 1 : 0, {{"interface", i.name}, {"device", i.device}});
  }
}

void add_mirror(Families& families, const MirrorState& mirror) {
  families.family("penstock_neighbours", kGauge, "Next hops that packets are sent to, by state.");
  for (std::size_t i = 0; i < kNeighbourStateNames.size(); ++i) {
    families.add(static_cast<double>(mirror.neighbours[i]), {{"state", std::string(kNeighbourStateNames[i])}});
  }
  const auto one = [&](std::string_view name, MetricKind kind, std::string_view help, std::uint64_t value) {
    families.family(name, kind, help);
    families.add(static_cast<double>(value));
  };
  one("penstock_routes", kGauge, "Routes followed.", mirror.routes);
  one("penstock_route_updates_total", kCounter, "Route tables given to the workers.", mirror.route_updates);
  one("penstock_mirror_resyncs_total", kCounter, "Times everything was read anew from the kernel.", mirror.resyncs);
  one("penstock_netlink_errors_total", kCounter, "Requests the kernel refused, and notices of it that were lost.",
      mirror.netlink_errors);
}

}  // namespace

void add_port_families(Families& families, const PortsState& ports) {
  if (!ports.dpdk) return;
  families.family("penstock_huge_pages", kGauge, "1 when packet pools are of huge pages, 0 when of ordinary ones.");
  families.add(ports.huge_pages ? 1 : 0);
  DeviceFamilies devices(families, ports);
  devices.facts();
  devices.traffic();
  devices.xdp();
  devices.exceptions();
  add_interfaces(families, ports);
  if (ports.mirror) add_mirror(families, *ports.mirror);
}

}  // namespace penstock::control
