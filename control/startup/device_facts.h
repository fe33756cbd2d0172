#pragma once
// What is known of a DPDK device once it runs.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::control {

/// How packets reach the worker that owns their flow.
enum class Steering : std::uint8_t {
  one_worker,  ///< there is but one
  rss,         ///< the device hashes clients over a queue per worker; relayed ports are handed over where it missed
  software,    ///< every packet is looked at where it arrived and handed over by ring when it is another worker's
};
inline constexpr std::array<std::string_view, 3> kSteeringNames = {"one_worker", "rss", "software"};

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
  Steering steering = Steering::one_worker;
  std::vector<std::string> offloads;  ///< in use
  bool interrupts = false;            ///< of receive queues: idle workers sleep until something arrives
  bool generic_xdp = false;           ///< the interface's driver has no XDP of its own
  int numa_node = -1;                 ///< -1: none, or unknown
  bool link_up = true;
};

}  // namespace penstock::control
