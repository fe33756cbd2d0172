#include "control/lifecycle/give_way.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>

namespace penstock::control {
namespace {

// Below the workers, wherever those are: a third of their weight. Handshake threads go lower still.
constexpr int kLower = 5;

}  // namespace

void give_way_to_workers(std::span<const std::uint32_t> worker_cores, std::span<const std::uint32_t> allowed_cores) {
  cpu_set_t left;
  CPU_ZERO(&left);
  for (const std::uint32_t core : allowed_cores) {
    if (core < CPU_SETSIZE && std::ranges::find(worker_cores, core) == worker_cores.end()) CPU_SET(core, &left);
  }
  // What cannot be had is not missed: the relay works without, if less evenly under load.
  if (CPU_COUNT(&left) > 0) sched_setaffinity(0, sizeof left, &left);
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kLower);  // on Linux: of this thread
}

}  // namespace penstock::control
