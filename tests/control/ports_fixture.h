#pragma once
// A relay with an AF_XDP device and a NIC by PCI address, as control sees its ports.

#include "control/metrics/ports_state.h"

namespace penstock::control {

inline PortsState two_devices() {
  PortsState ports;
  ports.dpdk = true;
  ports.huge_pages = true;
  DeviceState shared;
  shared.facts = {.name = "eth1",
                  .driver = "net_af_xdp",
                  .interface = "eth1",
                  .shared = true,
                  .mac = "02:00:00:00:00:01",
                  .mtu = 1500,
                  .rx_queues = 1,
                  .tx_queues = 1,
                  .steering = port::Steering::software,
                  .offloads = {}};
  shared.received_frames = 1000;
  shared.missed = 17;
  shared.xdp = XdpState{.taken = 1000, .taken_fragments = 10, .taken_errors = 1, .unserved = 2, .passed = 300};
  DeviceState nic;
  nic.facts = {.name = "0000:01:00.0",
               .driver = "net_ixgbe",
               .interface = "pen1",
               .mac = "02:00:00:00:00:02",
               .mtu = 1500,
               .rx_queues = 2,
               .tx_queues = 2,
               .steering = port::Steering::rss,
               .offloads = {"rx_udp_checksum", "tx_udp_checksum"},
               .interrupts = true,
               .numa_node = 0};
  nic.link_mbps = 10000;
  nic.no_packet = 5;
  nic.exceptions = ExceptionState{.classes = {{"neighbour", 7, 0}, {"icmp", 8, 3}},
                                  .delivered = 15,
                                  .refused = 0,
                                  .injected = 9,
                                  .inject_dropped = 1};
  ports.devices = {shared, nic};
  ports.interfaces = {{"eth1", "eth1", std::nullopt, "02:00:00:00:00:01", 1500, true, {"192.0.2.1/24"}},
                      {"pen1.100", "0000:01:00.0", 100, "02:00:00:00:00:02", 1500, false, {}}};
  ports.mirror =
      MirrorState{.neighbours = {0, 1, 20, 2}, .routes = 6, .route_updates = 3, .resyncs = 1, .warnings = {}};
  return ports;
}

}  // namespace penstock::control
