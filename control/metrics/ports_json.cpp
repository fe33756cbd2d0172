#include "control/metrics/ports_json.h"

#include <nlohmann/json.hpp>

namespace penstock::control {
namespace {

using Json = nlohmann::ordered_json;

Json worker_json(const WorkerSource& w) {
  return {{"worker", w.worker},
          {"cpu", w.cpu},
          {"locals", w.port->locals.get()},
          {"same_worker", w.port->same_worker.get()},
          {"handed_over", w.port->handed_over.get()},
          {"taken_over", w.port->taken_over.get()},
          {"handoff_dropped", w.port->dropped[static_cast<std::size_t>(net::Drop::handoff_full)].get()}};
}

Json xdp_json(const XdpState& x) {
  return {{"taken", x.taken},
          {"taken_fragments", x.taken_fragments},
          {"taken_errors", x.taken_errors},
          {"unserved", x.unserved},
          {"passed", x.passed}};
}

Json exceptions_json(const ExceptionState& e) {
  Json classes = Json::object();
  for (const auto& c : e.classes) classes[std::string(c.name)] = {{"punted", c.punted}, {"dropped", c.dropped}};
  return {{"classes", classes},
          {"delivered", e.delivered},
          {"refused", e.refused},
          {"injected", e.injected},
          {"inject_dropped", e.inject_dropped}};
}

Json device_json(const DeviceState& d) {
  Json json = {{"name", d.facts.name},
               {"driver", d.facts.driver},
               {"interface", d.facts.interface},
               {"shared", d.facts.shared},
               {"mac", d.facts.mac},
               {"mtu", d.facts.mtu},
               {"link_up", d.facts.link_up},
               {"link_mbps", d.link_mbps},
               {"link_changes", d.link_changes},
               {"rx_queues", d.facts.rx_queues},
               {"tx_queues", d.facts.tx_queues},
               {"steering", port::name(d.facts.steering)},
               {"offloads", d.facts.offloads},
               {"interrupts", d.facts.interrupts},
               {"numa_node", d.facts.numa_node},
               {"received_frames", d.received_frames},
               {"sent_frames", d.sent_frames},
               {"missed", d.missed},
               {"no_packet", d.no_packet},
               {"receive_errors", d.receive_errors},
               {"send_errors", d.send_errors}};
  if (d.xdp) json["xdp"] = xdp_json(*d.xdp);
  if (d.exceptions) json["exceptions"] = exceptions_json(*d.exceptions);
  return json;
}

Json interface_json(const InterfaceState& i) {
  Json json = {{"name", i.name}, {"device", i.device}, {"vlan", nullptr},         {"mac", i.mac},
               {"mtu", i.mtu},   {"up", i.up},         {"addresses", i.addresses}};
  if (i.vlan) json["vlan"] = *i.vlan;
  return json;
}

Json mirror_json(const MirrorState& m) {
  Json neighbours = Json::object();
  for (std::size_t i = 0; i < kNeighbourStateNames.size(); ++i) {
    neighbours[std::string(kNeighbourStateNames[i])] = m.neighbours[i];
  }
  return {{"neighbours", neighbours},           {"routes", m.routes},
          {"route_updates", m.route_updates},   {"resyncs", m.resyncs},
          {"netlink_errors", m.netlink_errors}, {"warnings", m.warnings}};
}

}  // namespace

std::string ports_json(const PortsState& ports, const std::vector<WorkerSource>& workers) {
  Json json = {{"kind", ports.dpdk ? "dpdk" : "uring"}};
  json["workers"] = Json::array();
  for (const WorkerSource& w : workers) json["workers"].push_back(worker_json(w));
  if (ports.dpdk) {
    json["huge_pages"] = ports.huge_pages;
    json["devices"] = Json::array();
    for (const DeviceState& d : ports.devices) json["devices"].push_back(device_json(d));
    json["interfaces"] = Json::array();
    for (const InterfaceState& i : ports.interfaces) json["interfaces"].push_back(interface_json(i));
    json["mirror"] = ports.mirror ? mirror_json(*ports.mirror) : Json(nullptr);
    json["notes"] = ports.notes;
  }
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace penstock::control
