#pragma once
// What a worker does while nothing arrives: it spins for a moment, then sleeps, longer and longer.

#include <array>
#include <cstdint>

#include "dataplane/port/dpdk/host.h"
#include "dataplane/port/kernel/forwarding_view.h"

namespace penstock::port {

/// Used by one worker's thread. Sleeps end early on a wake, and on arrival where the device can tell (receive
/// interrupts, AF_XDP sockets); a worker that would not be told looks at its queues every idle_sleep_us at the latest.
class Rest {
 public:
  Rest(DpdkHost& host, std::uint16_t worker);
  ~Rest();
  Rest(const Rest&) = delete;
  Rest& operator=(const Rest&) = delete;

  /// Something happened: stay awake.
  void was_busy() { idle_passes_ = 0; }
  /// Nothing did. Returns after `timeout_ns` at the latest.
  void rest(std::uint64_t timeout_ns, ForwardingView& view);

 private:
  // About 50 us of looking again before the first sleep: longer than gaps in a stream of media bursts.
  static constexpr std::uint32_t kSpins = 1000;
  static constexpr std::uint64_t kFirstSleepNs = 10'000;
  // With interrupts a sleep may be long; the bound is for an interrupt that came between the last look and arming.
  static constexpr std::uint64_t kInterruptSleepNs = 10'000'000;

  struct Queue {
    std::uint16_t device, queue;  // ethdev's
  };

  bool watch(int fd, bool interrupt);
  void arm(bool on);

  Waker& waker_;
  Idle idle_;
  std::uint64_t longest_sleep_ns_;
  std::uint32_t idle_passes_ = 0;
  bool told_ = false;  ///< every arrival ends a sleep
  int epoll_ = -1;
  std::vector<Queue> queues_;  ///< whose interrupts are armed for each sleep
};

}  // namespace penstock::port
