#pragma once
// What the XDP program and the process that steers it have in common: the layout of the maps. Read by both compilers.

#ifdef __cplusplus
#include <cstdint>
#else
#include <linux/types.h>
#define uint32_t __u32
#define uint64_t __u64
#endif

/// Our addresses on one interface, at most. A bitmap of ports belongs to each.
#define PENSTOCK_XDP_ADDRESSES 256
/// Receive queues of an interface, at most.
#define PENSTOCK_XDP_QUEUES 256
/// First fragments that are remembered for those that follow them.
#define PENSTOCK_XDP_FRAGMENTS 4096

/// Map `ports`: the UDP ports that are ours at one address. Bit p % 64 of word p / 64 is port p.
struct penstock_xdp_ports {
  uint64_t words[65536 / 64];
};

/// Map `counters`, per CPU: frames.
enum penstock_xdp_counter {
  PENSTOCK_XDP_TAKEN,            ///< given to the AF_XDP socket of their queue
  PENSTOCK_XDP_FRAGMENTS_TAKEN,  ///< of those: fragments
  PENSTOCK_XDP_ERRORS_TAKEN,     ///< of those: ICMP errors
  PENSTOCK_XDP_UNSERVED,         ///< ours, but no socket serves their queue: left to the kernel
  PENSTOCK_XDP_PASSED,           ///< the kernel's
  PENSTOCK_XDP_COUNTERS,
};
