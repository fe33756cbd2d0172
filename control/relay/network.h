#pragma once
// How this process reaches the network: kernel sockets by io_uring, or DPDK devices. Everything else of control asks
// here.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/config/config.h"
#include "dataplane/port/dpdk/host.h"
#include "dataplane/port/port.h"

namespace penstock::control {

/// Made in steps, because a device that the kernel cannot see gets an interface with addresses in open(), and what is
/// listened on is found out after that.
class Network {
 public:
  /// Starts DPDK's environment, and opens the devices. The error is a sentence that says what to do.
  static tl::expected<std::unique_ptr<Network>, std::string> open(const Config& config, std::uint16_t workers);

  /// Starts the devices. `addresses`: those that endpoints will be bound on.
  tl::expected<void, std::string> start(const RelaySection& relay, std::span<const net::Address> addresses);
  /// The port of one worker, made on its thread.
  tl::expected<std::unique_ptr<port::Port>, std::string> create_port(std::uint16_t worker);
  /// Now and then: looks after the devices.
  void poll();

  /// After the workers' threads have ended, and before the workers go, whose packets devices may still hold.
  void close();

  /// nullptr when the ports are sockets.
  const port::DpdkHost* dpdk() const { return dpdk_.get(); }
  /// Names of the kernel's interfaces that stand for the devices; none for sockets, which have all of the host's.
  std::vector<std::string> interfaces() const;
  /// What holds pools and rings: huge pages, or ordinary ones.
  bool huge_pages() const { return huge_pages_; }

 private:
  Network(const DataplaneSection& dataplane, const DpdkSection& dpdk, std::uint16_t workers, bool huge_pages)
      : dataplane_(dataplane), dpdk_section_(dpdk), workers_(workers), huge_pages_(huge_pages) {}

  DataplaneSection dataplane_;
  DpdkSection dpdk_section_;
  std::uint16_t workers_;
  bool huge_pages_;
  std::unique_ptr<port::DpdkHost> dpdk_;
};

}  // namespace penstock::control
