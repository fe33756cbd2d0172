#pragma once
// The thread that keeps workers' view of routes and neighbours true to the kernel's, and moves frames to and from taps.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/counter.h"
#include "dataplane/port/kernel/exception_path.h"
#include "dataplane/port/kernel/forwarding_view.h"

namespace penstock::port {

/// A device of ours and the kernel interface that stands for it.
struct MirrorDevice {
  std::uint16_t device = 0;     ///< our number of it; comes back as Interface::device
  std::string interface = {};   ///< the kernel's name for it; not needed with `tap`
  std::optional<Tap> tap = {};  ///< for a device that the kernel cannot see
};

/// An interface as `penstockctl ports` shows it.
struct InterfaceFacts {
  std::string name;
  std::uint16_t device = 0;
  std::uint16_t vlan = net::kNoVlan;
  net::MacAddress mac{};
  std::uint32_t mtu = 0;
  bool up = false;
  std::vector<InterfaceAddress> addresses;
};

/// Written by the mirror's thread.
struct MirrorCounters {
  std::array<net::Counter, kHopStateCount> neighbours;  ///< gauges, by HopState
  net::Counter interfaces, routes;                      ///< gauges
  net::Counter route_updates;                           ///< route tables published
  net::Counter resyncs;                                 ///< everything read anew: on lost messages, and now and then
  net::Counter netlink_errors;                          ///< requests that the kernel refused, and messages lost
};

/// The main and local tables are mirrored, for our interfaces and VLANs on them. Policy rules, VRFs and tunnels are
/// not: warnings() tells when the host has such. Resolution is the kernel's: it chooses the source address, sends ARP
/// or ND, and keeps probing what is in use.
class KernelMirror {
 public:
  /// Reads the kernel's state, in the network namespace of the caller, and starts the thread "kernel-mirror". `workers`
  /// is the number of threads that may punt. The error is a sentence that says what to do.
  static tl::expected<std::unique_ptr<KernelMirror>, std::string> create(std::vector<MirrorDevice> devices,
                                                                         unsigned workers);
  /// Ends the thread. All views must be gone, and no worker may punt any more.
  ~KernelMirror();
  KernelMirror(const KernelMirror&) = delete;
  KernelMirror& operator=(const KernelMirror&) = delete;

  /// A worker's view; must be gone before the mirror.
  tl::expected<std::unique_ptr<ForwardingView>, std::string> create_view();
  /// Of a device with a tap; nullptr for the others.
  ExceptionPath* exception_path(std::uint16_t device);

  /// From any thread but the workers' (they lock).
  std::vector<InterfaceFacts> interfaces() const;
  /// What the host has that is not mirrored, a sentence each.
  std::vector<std::string> warnings() const;
  const MirrorCounters& counters() const;

 private:
  class Loop;
  explicit KernelMirror(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace penstock::port
