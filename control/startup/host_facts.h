#pragma once
// What the kernel allows, read once at start.

#include <cstdint>
#include <string>
#include <vector>

#include "control/startup/host_addresses.h"
#include "control/startup/number_ranges.h"

namespace penstock::control {

struct HostFacts {
  std::uint64_t descriptors = 0;     ///< RLIMIT_NOFILE, soft, after raising it to the hard limit
  std::uint64_t rmem_max_bytes = 0;  ///< net.core.rmem_max; 0: unknown
  bool may_exceed_rmem_max = false;  ///< CAP_NET_ADMIN (SO_RCVBUFFORCE)
  std::uint16_t ephemeral_min = 0;   ///< net.ipv4.ip_local_port_range; 0: unknown
  std::uint16_t ephemeral_max = 0;
  std::vector<NumberRange> reserved_ports;  ///< net.ipv4.ip_local_reserved_ports: never handed out
  unsigned io_uring_disabled = 0;           ///< kernel.io_uring_disabled
  bool privileged = false;                  ///< CAP_SYS_ADMIN, which io_uring_disabled = 1 asks for
  unsigned kernel_major = 0;
  unsigned kernel_minor = 0;
  std::vector<HostAddress> addresses;   ///< of the whole host
  std::vector<std::string> interfaces;  ///< that ports are on, and VLANs above them; none: all
};

/// Reads them, and raises RLIMIT_NOFILE as far as it may be.
HostFacts read_host_facts();

}  // namespace penstock::control
