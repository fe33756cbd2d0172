#include "dataplane/engine/timer_wheel.h"

#include <algorithm>
#include <cassert>

namespace penstock::engine {

TimerWheel::TimerWheel(std::uint32_t capacity, std::uint64_t tick_ns, std::uint64_t now_ns)
    : tick_ns_(tick_ns), tick_(now_ns / tick_ns), slots_(kSlots, kEnd), next_(capacity, kIdle) {}

void TimerWheel::add(std::uint32_t id, std::uint64_t deadline_ns) {
  assert(id < next_.size() && next_[id] == kIdle);
  // Rounded up, so that a timer never fires before its deadline unless the deadline is beyond the span.
  const std::uint64_t wanted = deadline_ns / tick_ns_ + 1;
  const std::uint64_t at = std::clamp(wanted, tick_ + 1, tick_ + kSlots - 1);
  std::uint32_t& slot = slots_[at & kMask];
  next_[id] = slot;
  slot = id;
}

}  // namespace penstock::engine
