#pragma once
// Ends a worker's sleep from another thread; costs the caller one atomic exchange while the worker is awake.

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace penstock::port {

class Waker {
 public:
  Waker() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Waker() { close(fd_); }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// The descriptor that becomes readable when the sleeper is to wake; negative when the process is out of them.
  int fd() const { return fd_; }

  /// From any thread: ends the current or the next sleep.
  void wake() {
    // Either we see the sleeper asleep, or it sees our wake before it sleeps: both sides write, then read (seq_cst).
    if (woken_.exchange(true) || !asleep_.load()) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = write(fd_, &one, sizeof one);
  }

  /// The sleeper: true when it may sleep. After the sleep, or without one, it calls end_sleep().
  bool begin_sleep() {
    asleep_.store(true);
    return !woken_.load();
  }
  /// What was written before a wake() is visible after this.
  void end_sleep() {
    asleep_.store(false);
    woken_.exchange(false);
  }
  /// The sleeper, after fd() was readable: makes it unreadable again.
  void drain() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto n = read(fd_, &count, sizeof count);
  }

 private:
  int fd_;
  std::atomic<bool> woken_{false};
  std::atomic<bool> asleep_{false};
};

}  // namespace penstock::port
