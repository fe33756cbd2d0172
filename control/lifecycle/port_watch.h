#pragma once
// What the log says of the ports: a line per device at start, and one for every change of a link or of what the mirror
// of the kernel cannot follow.

#include <string>
#include <vector>

#include "control/log/log.h"
#include "control/metrics/ports_state.h"
#include "control/metrics/sources.h"

namespace penstock::control {

class PortWatch {
 public:
  /// `log` outlives the watch.
  explicit PortWatch(Log& log) : log_(log) {}

  /// At start.
  void announce(const PortsState& ports);
  /// About once a second: tells what changed since the last call.
  void look(const PortsState& ports);
  /// Likewise, until it is known: whether the rules in the devices bring packets to the workers that own them, by the
  /// first thousand.
  void verify_steering(const PortsState& ports, const std::vector<WorkerSource>& workers);

 private:
  void announce(const DeviceState& device, bool huge_pages);
  void tell_link(const DeviceState& device);
  void tell_warnings(const PortsState& ports);

  Log& log_;
  bool steering_known_ = false;
  std::vector<bool> links_up_;  ///< by device
  std::vector<std::string> warnings_;
};

}  // namespace penstock::control
