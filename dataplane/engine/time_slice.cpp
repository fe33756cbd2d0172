#include "dataplane/engine/time_slice.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace penstock::engine {

void ask_for_short_time_slices() {
  constexpr __u64 kShortestNs = 100'000;  // the kernel's lower bound
  sched_attr attributes{};
  // Whatever else the thread was given (a policy, a niceness) stays.
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.sched_policy != SCHED_NORMAL) return;
  attributes.sched_runtime = kShortestNs;
  [[maybe_unused]] const long asked = syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace penstock::engine
