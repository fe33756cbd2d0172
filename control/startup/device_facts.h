#pragma once
// What is known of a DPDK device once it runs.

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/port/dpdk/steering.h"

namespace penstock::control {

/// Fixed while it runs, but for the link.
struct DeviceFacts {
  std::string name;       ///< as in logs and metrics: "0000:01:00.0", "eth1", "net_memif0"
  std::string driver;     ///< DPDK's
  std::string interface;  ///< the kernel's, that stands for it: itself, or a tap
  bool shared = false;    ///< the kernel has the device, too (AF_XDP, bifurcated)
  std::string mac;
  std::uint16_t mtu = 0;
  std::uint16_t rx_queues = 0;
  std::uint16_t tx_queues = 0;
  port::Steering steering = port::Steering::one_worker;
  std::vector<std::string> offloads;  ///< in use
  bool interrupts = false;            ///< of receive queues: idle workers sleep until something arrives
  bool af_xdp = false;                ///< shares an interface's receive queues, one socket each
  bool generic_xdp = false;           ///< the interface's driver has no XDP of its own
  bool strips_vlan = false;           ///< the interface's driver takes VLAN tags off before XDP sees them
  std::string vlan_interface = {};    ///< one of the kernel's VLANs on it; empty: there is none
  int numa_node = -1;                 ///< -1: none, or unknown
  bool link_up = true;
};

}  // namespace penstock::control
