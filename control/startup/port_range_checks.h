#pragma once
// UDP ports that the kernel gives to other programs, and programs that have them already. A DPDK device takes a
// relayed port without a socket, so nothing else would tell.

#include <cstdint>
#include <string>
#include <vector>

#include "control/config/config.h"
#include "control/startup/checks.h"
#include "control/startup/findings.h"
#include "control/startup/host_facts.h"
#include "control/startup/host_roots.h"
#include "dataplane/net/address.h"

namespace penstock::control {

/// /proc/net/udp and udp6: what is bound in this network namespace. Lines that make no sense are left out.
std::vector<net::Endpoint> udp_sockets(const HostRoots& roots = {});

/// A warning when the kernel chooses relayed ports for other programs. `taken`: ours come by a device, not by a socket.
void check_ephemeral_ports(const RelaySection& relay, const HostFacts& facts, bool taken, Findings& findings);

/// A warning when other programs have relayed ports of the addresses we bind on. What we listen on is our own.
std::vector<Finding> check_foreign_sockets(const RelaySection& relay, const Plan& plan,
                                           const std::vector<net::Endpoint>& sockets);

}  // namespace penstock::control
