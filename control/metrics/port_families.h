#pragma once
// The metrics of devices, of the kernel's interfaces, and of what passes between both.

#include "control/metrics/families.h"
#include "control/metrics/ports_state.h"

namespace penstock::control {

/// Nothing when the ports are sockets. One label besides names of states and classes: the device.
void add_port_families(Families& families, const PortsState& ports);

}  // namespace penstock::control
