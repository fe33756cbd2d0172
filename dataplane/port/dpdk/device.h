#pragma once
// One ethdev device: opened, set up with a receive and a transmit queue per worker as far as it has them, and started.
// Worker w receives from queues w, w + workers, ...

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/counter.h"
#include "dataplane/net/frame_headers.h"
#include "dataplane/net/packet.h"
#include "dataplane/port/dpdk/spec.h"

namespace penstock::port {

/// How packets of many clients spread over the receive queues.
enum class Spread : std::uint8_t {
  one_queue,  ///< everything arrives at worker 0
  rss,        ///< the device hashes addresses and ports: a client stays on its queue
  unknown,    ///< several queues, filled by rules that are not ours (the kernel's, a peer's)
};

/// What the device does for us; else it is done in software.
struct Offloads {
  bool rx_ip_checksum = false;
  bool rx_udp_checksum = false;
  bool tx_ip_checksum = false;
  bool tx_udp_checksum = false;
  bool rx_interrupts = false;
};

struct DeviceSetup {
  std::uint16_t workers = 1;
  std::uint16_t descriptors = 1024;  ///< per queue; the device's limits apply
  bool interrupts = false;           ///< ask for receive interrupts, for idle workers
};

/// What the device dropped itself, and its link; refreshed by Device::poll().
struct DeviceCounters {
  net::Counter missed;     ///< receive queue full
  net::Counter no_packet;  ///< packet pool empty
  net::Counter rx_errors, tx_errors;
  net::Counter received_packets, sent_packets;  ///< frames, as the device counts them
  net::Counter link_changes;
};

class Device {
 public:
  /// Attaches the device to DPDK's environment; `index` numbers our devices. The error says what to do.
  static tl::expected<std::unique_ptr<Device>, std::string> open(DeviceSpec spec, std::uint16_t index);
  /// Stops and detaches it.
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// Sets up queues and offloads and starts. `pools`: one per worker, for its receive queue; they outlive the device.
  tl::expected<void, std::string> start(const DeviceSetup& setup, std::span<rte_mempool* const> pools);
  void stop();
  /// Stops it and frees every packet in its queues: also those of other pools that it was given to send.
  void close();

  // Facts, fixed after start().
  const DeviceSpec& spec() const { return spec_; }
  std::uint16_t index() const { return index_; }
  std::uint16_t id() const { return id_; }  ///< ethdev's
  const std::string& driver() const { return driver_; }
  const net::MacAddress& mac() const { return mac_; }
  unsigned kernel_interface() const { return kernel_interface_; }  ///< index; 0: the kernel does not see it
  int numa_node() const { return numa_node_; }
  std::uint16_t mtu() const { return mtu_; }
  std::uint16_t rx_queues() const { return rx_queues_; }
  std::uint16_t tx_queues() const { return tx_queues_; }
  std::uint16_t max_rx_queues() const { return max_rx_queues_; }
  const Offloads& offloads() const { return offloads_; }
  Spread spread() const { return spread_; }
  /// Bytes a packet of the receive pools must have room for, Ethernet header included.
  std::uint16_t frame_room() const;

  /// What becomes readable when queue `q` has frames; fd -1: nothing does, it has to be looked at.
  struct Arrival {
    int fd = -1;
    bool armed =
        false;  ///< by rte_eth_dev_rx_intr_enable before each wait; else it is readable as long as there are any
  };
  const Arrival& arrival(std::uint16_t q) const { return arrivals_[q]; }

  /// Control: reads link and statistics.
  void poll();
  bool link_up() const { return link_up_.load(std::memory_order_relaxed); }
  std::uint32_t link_mbps() const { return link_mbps_.load(std::memory_order_relaxed); }
  const DeviceCounters& counters() const { return counters_; }

 private:
  Device(DeviceSpec spec, std::uint16_t index) : spec_(std::move(spec)), index_(index) {}
  tl::expected<void, std::string> attach();
  tl::expected<void, std::string> set_mtu();
  tl::expected<void, std::string> configure(const DeviceSetup& setup);
  tl::expected<void, std::string> set_up_queues(const DeviceSetup& setup, std::span<rte_mempool* const> pools);
  void find_interrupts();
  void wait_for_link();
  std::string sentence(const char* what, int error) const;
  bool read_link_of_kernel() const;
  void set_link(bool up) {
    if (up != link_up_.exchange(up)) counters_.link_changes.add();
  }

  DeviceSpec spec_;
  std::uint16_t index_;
  std::uint16_t id_ = UINT16_MAX;
  std::string driver_;
  net::MacAddress mac_{};
  unsigned kernel_interface_ = 0;
  int numa_node_ = -1;
  std::uint16_t mtu_ = 1500;
  std::uint16_t max_mtu_ = 1500;
  std::uint16_t max_rx_queues_ = 1, max_tx_queues_ = 1;
  std::uint16_t rx_queues_ = 0, tx_queues_ = 0;
  Offloads offloads_;
  Spread spread_ = Spread::one_queue;
  std::vector<Arrival> arrivals_;  // by receive queue
  bool started_ = false;
  std::atomic<bool> link_up_{true};
  std::atomic<std::uint32_t> link_mbps_{0};
  DeviceCounters counters_;
};

}  // namespace penstock::port
