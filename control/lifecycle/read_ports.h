#pragma once
// What the ports are and count at this moment, out of the data plane.

#include "control/metrics/ports_state.h"
#include "control/relay/network.h"

namespace penstock::control {

/// `network` is started. Control thread; takes the mirror's lock for a moment.
PortsState read_ports(const Network& network);

}  // namespace penstock::control
