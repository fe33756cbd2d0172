#pragma once
// What the workers' DPDK ports share: devices, the table of local endpoints, the mirror of the kernel's routes and
// neighbours, filters in the kernel, and the roads between workers. Made and polled by control.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/packet_pool.h"
#include "dataplane/port/dpdk/device.h"
#include "dataplane/port/dpdk/flow_rules.h"
#include "dataplane/port/dpdk/handoff.h"
#include "dataplane/port/dpdk/idle.h"
#include "dataplane/port/dpdk/local_table.h"
#include "dataplane/port/dpdk/steering.h"
#include "dataplane/port/kernel/kernel_mirror.h"
#include "dataplane/port/xdp/filter.h"

namespace penstock::port {

struct DpdkOptions {
  std::uint16_t workers = 1;
  std::uint32_t packets = 16384;       ///< per worker, for receiving
  std::uint16_t descriptors = 1024;    ///< per queue of each device
  std::uint32_t handoff = 1024;        ///< packets under way from one worker to another, at most
  std::uint32_t max_locals = 65536;    ///< endpoints one worker may have bound at once
  std::uint16_t reassemblies = 256;    ///< datagrams in pieces per worker
  std::vector<PortRange> slices = {};  ///< by worker: the ports it binds where it has the choice
  Idle idle = Idle::adaptive;
  std::uint32_t idle_sleep_us = 500;
};

/// Start in steps: open() after the environment, so that taps and their addresses exist when control looks at the
/// host's addresses; then start(); then a DpdkPort per worker; poll() now and then.
class DpdkHost {
 public:
  static tl::expected<std::unique_ptr<DpdkHost>, std::string> open(const std::vector<DeviceSpec>& specs);
  /// All ports must be gone, and all packets freed.
  ~DpdkHost();

  /// `addresses`: those that endpoints may be bound on.
  tl::expected<void, std::string> start(const DpdkOptions& options, std::span<const net::Address> addresses);
  /// What was found and done at start that the operator should know, a sentence each.
  const std::vector<std::string>& notes() const { return notes_; }
  /// Names of the kernel's interfaces that stand for the devices.
  const std::vector<std::string>& kernel_interfaces() const { return kernel_interfaces_; }
  /// Control, a few times a second: links and statistics of the devices.
  void poll();

  /// Closes the devices. After the workers have ended, and before their pools go: transmit queues keep packets of them.
  void close_devices();

  const DpdkOptions& options() const { return options_; }
  std::span<const std::unique_ptr<Device>> devices() const { return devices_; }
  LocalTable& locals() { return *locals_; }
  KernelMirror& mirror() { return *mirror_; }
  const KernelMirror& mirror() const { return *mirror_; }
  Handoff& handoff() { return *handoff_; }
  net::PacketPool& pool(std::uint16_t worker) { return pools_[worker]; }
  /// Of the device.
  Steering steering(std::uint16_t device) const;
  /// Of the device, or nullptr.
  const XdpFilter* filter(std::uint16_t device) const { return filters_[device].get(); }

 private:
  DpdkHost() = default;
  tl::expected<void, std::string> open_device(DeviceSpec spec);
  tl::expected<void, std::string> create_pools();
  tl::expected<void, std::string> connect_filters();
  std::unique_ptr<FlowRules> rules_for(const Device& device);

  DpdkOptions options_;
  std::vector<std::string> notes_;
  std::vector<std::string> kernel_interfaces_;       // by device
  std::vector<net::PacketPool> pools_;               // before the devices, which hold packets of them
  std::vector<std::unique_ptr<XdpFilter>> filters_;  // by device
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<std::unique_ptr<FlowRules>> rules_;  // by device, and before them gone
  std::vector<MirrorDevice> mirrored_;             // until the mirror takes them
  std::vector<std::unique_ptr<EndpointFilter>> followers_;
  std::unique_ptr<LocalTable> locals_;
  std::unique_ptr<Handoff> handoff_;
  std::unique_ptr<KernelMirror> mirror_;
};

}  // namespace penstock::port
