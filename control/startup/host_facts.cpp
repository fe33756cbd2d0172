#include "control/startup/host_facts.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <cstdio>
#include <fstream>

#include "control/startup/capabilities.h"
#include "control/startup/read_file.h"

namespace penstock::control {
namespace {

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

std::uint64_t read_number(const char* path) {
  std::uint64_t value = 0;
  std::ifstream(path) >> value;
  return value;
}

}  // namespace

HostFacts read_host_facts() {
  HostFacts facts;
  facts.descriptors = raise_descriptor_limit();
  facts.rmem_max_bytes = read_number("/proc/sys/net/core/rmem_max");
  facts.io_uring_disabled = static_cast<unsigned>(read_number("/proc/sys/kernel/io_uring_disabled"));
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> facts.ephemeral_min >> facts.ephemeral_max;
  facts.reserved_ports = parse_ranges(read_file("/proc/sys/net/ipv4/ip_local_reserved_ports"));
  const std::uint64_t capabilities = effective_capabilities();
  facts.may_exceed_rmem_max = (capabilities >> CAP_NET_ADMIN & 1) != 0;
  facts.privileged = (capabilities >> CAP_SYS_ADMIN & 1) != 0;
  utsname kernel{};
  if (uname(&kernel) == 0) std::sscanf(kernel.release, "%u.%u", &facts.kernel_major, &facts.kernel_minor);
  facts.addresses = host_addresses();
  return facts;
}

}  // namespace penstock::control
