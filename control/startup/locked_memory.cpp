#include "control/startup/locked_memory.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/resource.h>

#include <algorithm>

#include "control/startup/capabilities.h"

namespace penstock::control {

LockLimit read_lock_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return {};
  return {limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur,
          (effective_capabilities() >> CAP_IPC_LOCK & 1) != 0};
}

std::vector<Finding> check_locked_memory(std::span<const port::DeviceSpec> devices, unsigned memory_mb,
                                         const LockLimit& limit) {
  const auto pins = std::ranges::find_if(
      devices, [](const port::DeviceSpec& d) { return d.is_pci() || d.device().starts_with("net_af_xdp"); });
  const std::uint64_t limit_mb = limit.bytes >> 20;
  if (pins == devices.end() || limit.lifted || limit_mb >= memory_mb) return {};
  Findings findings;
  findings.refuse(
      fmt::format("dpdk:{} pins its packet memory, {} MB, and this process may pin {} MB", pins->device(), memory_mb,
                  limit_mb),
      "LimitMEMLOCK=infinity in the unit (the drop-ins in systemd/ say so); in a shell: ulimit -l unlimited");
  return findings.take();
}

}  // namespace penstock::control
