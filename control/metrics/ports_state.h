#pragma once
// What is known of the ports at one moment: devices, the kernel's interfaces, the mirror of its routes and neighbours.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/startup/device_facts.h"

namespace penstock::control {

/// Frames that our XDP program saw, since it was attached.
struct XdpState {
  std::uint64_t taken = 0;            ///< ours
  std::uint64_t taken_fragments = 0;  ///< of those
  std::uint64_t taken_errors = 0;     ///< of those: ICMP errors
  std::uint64_t unserved = 0;         ///< ours, but left to the kernel: no socket on their queue
  std::uint64_t passed = 0;           ///< the kernel's
};

/// Between a device that the kernel cannot see and its tap.
struct ExceptionState {
  struct Class {
    std::string_view name;
    std::uint64_t punted = 0;
    std::uint64_t dropped = 0;  ///< over the class's rate
  };
  std::vector<Class> classes;
  std::uint64_t delivered = 0, refused = 0;        ///< punted frames that the kernel took, and did not
  std::uint64_t injected = 0, inject_dropped = 0;  ///< frames of the kernel for the wire
};

struct DeviceState {
  DeviceFacts facts;
  std::uint32_t link_mbps = 0;  ///< 0: unknown
  std::uint64_t link_changes = 0;
  std::uint64_t received_frames = 0, sent_frames = 0;
  std::uint64_t missed = 0;     ///< receive queue full (imissed)
  std::uint64_t no_packet = 0;  ///< packet pool empty (rx_nombuf)
  std::uint64_t receive_errors = 0, send_errors = 0;
  std::optional<XdpState> xdp;
  std::optional<ExceptionState> exceptions;
};

/// A kernel interface that stands for a device, or a VLAN on it.
struct InterfaceState {
  std::string name;
  std::string device;
  std::optional<std::uint16_t> vlan;
  std::string mac;
  std::uint32_t mtu = 0;
  bool up = false;
  std::vector<std::string> addresses;  ///< "192.0.2.1/24"
};

inline constexpr std::array<std::string_view, 4> kNeighbourStateNames = {"unknown", "resolving", "reachable", "failed"};

/// The mirror of the kernel's routes and neighbours.
struct MirrorState {
  std::array<std::uint64_t, kNeighbourStateNames.size()> neighbours{};
  std::uint64_t routes = 0;
  std::uint64_t route_updates = 0;
  std::uint64_t resyncs = 0;
  std::uint64_t netlink_errors = 0;
  std::vector<std::string> warnings;
};

struct PortsState {
  bool dpdk = false;  ///< else kernel sockets, and nothing of the rest
  bool huge_pages = false;
  std::vector<DeviceState> devices;
  std::vector<InterfaceState> interfaces;
  std::optional<MirrorState> mirror;
  std::vector<std::string> notes;  ///< of the start, a sentence each
};

}  // namespace penstock::control
