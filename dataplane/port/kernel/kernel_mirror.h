#pragma once
// The thread that keeps workers' view of routes and neighbours true to the kernel's, and moves frames to and from taps.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/port/kernel/exception_path.h"
#include "dataplane/port/kernel/forwarding_view.h"
#include "dataplane/port/kernel/link_model.h"
#include "dataplane/port/kernel/mirror_counters.h"

namespace penstock::port {

class MirrorLoop;

/// A device of ours and the kernel interface that stands for it.
struct MirrorDevice {
  std::uint16_t device = 0;     ///< our number of it; comes back as Interface::device
  std::string interface = {};   ///< the kernel's name for it; not needed with `tap`
  std::optional<Tap> tap = {};  ///< for a device that the kernel cannot see
};

/// The main and local tables are mirrored, for our interfaces and VLANs on them. Policy rules, VRFs and tunnels are
/// not: warnings() tells when the host has such. Resolution is the kernel's: it chooses the source address, sends ARP
/// or ND, and keeps probing what is in use.
class KernelMirror {
 public:
  /// Reads the kernel's state, in the network namespace of the caller, and starts the thread "kernel-mirror". `workers`
  /// is the number of threads that may punt. The error is a sentence that says what to do.
  /// `wake_workers` is called from the mirror's thread when routes, hops or interfaces changed or frames were injected:
  /// it ends the sleep of idle workers, and must not block.
  static tl::expected<std::unique_ptr<KernelMirror>, std::string> create(std::vector<MirrorDevice> devices,
                                                                         unsigned workers,
                                                                         std::function<void()> wake_workers = {});
  /// Ends the thread. All views must be gone, and no worker may punt any more.
  ~KernelMirror();
  KernelMirror(const KernelMirror&) = delete;
  KernelMirror& operator=(const KernelMirror&) = delete;

  /// A worker's view; must be gone before the mirror.
  tl::expected<std::unique_ptr<ForwardingView>, std::string> create_view();
  /// Of a device with a tap; nullptr for the others.
  ExceptionPath* exception_path(std::uint16_t device);
  const ExceptionPath* exception_path(std::uint16_t device) const;

  /// From any thread but the workers' (they lock).
  std::vector<InterfaceFacts> interfaces() const;
  /// What the host has that is not mirrored, a sentence each.
  std::vector<std::string> warnings() const;
  const MirrorCounters& counters() const;

 private:
  explicit KernelMirror(std::unique_ptr<MirrorLoop> loop);
  std::unique_ptr<MirrorLoop> loop_;
  std::thread thread_;
};

}  // namespace penstock::port
