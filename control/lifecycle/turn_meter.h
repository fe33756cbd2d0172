#pragma once
// How long the control thread was busy with one thing: a request, a round of events, a tick. Whatever else there is to
// do waits that long. CPU time, so that neither waiting for work nor a crowded machine counts.

#include <algorithm>
#include <cstdint>
#include <ctime>

namespace penstock::control {

class TurnMeter {
 public:
  /// Runs one turn.
  template <class Turn>
  void measure(Turn&& turn) {
    const std::uint64_t began_ns = busy_ns();
    turn();
    const std::uint64_t ended_ns = busy_ns();
    note(ended_ns - began_ns, ended_ns);
  }
  void note(std::uint64_t turn_ns, std::uint64_t busy_ns) {
    ++turns_;
    busy_ns_ = busy_ns;
    longest_ns_ = std::max(longest_ns_, turn_ns);
    this_half_ns_ = std::max(this_half_ns_, turn_ns);
  }
  /// Every five seconds: what was longest in the last two of these is recent.
  void age() {
    last_half_ns_ = this_half_ns_;
    this_half_ns_ = 0;
  }

  std::uint64_t turns() const { return turns_; }
  /// CPU time of the thread.
  std::uint64_t busy_so_far_ns() const { return busy_ns_; }
  std::uint64_t longest_ns() const { return longest_ns_; }
  std::uint64_t recent_longest_ns() const { return std::max(this_half_ns_, last_half_ns_); }

 private:
  static std::uint64_t busy_ns() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(used.tv_nsec);
  }

  std::uint64_t turns_ = 0, busy_ns_ = 0, longest_ns_ = 0;
  std::uint64_t this_half_ns_ = 0, last_half_ns_ = 0;
};

}  // namespace penstock::control
