#pragma once
// A coarse timer wheel with lazy deadlines: an expiry only says "look again"; who refreshed meanwhile just goes back
// in.

#include <cstdint>
#include <utility>
#include <vector>

namespace penstock::engine {

/// One timer per id (0 ... capacity-1), e.g. per allocation. Adding and expiring are O(1), refreshing costs nothing:
/// the owner compares its real deadline when the timer fires and adds it again.
class TimerWheel {
 public:
  /// `tick_ns` is the coarseness; deadlines beyond the wheel's span (4096 ticks) fire early and are added again.
  TimerWheel(std::uint32_t capacity, std::uint64_t tick_ns, std::uint64_t now_ns);

  /// Starts the timer of `id`, which must not be running.
  void add(std::uint32_t id, std::uint64_t deadline_ns);
  bool running(std::uint32_t id) const { return next_[id] != kIdle; }

  /// Calls fire(id) for timers due by now, at most `budget`; returns true when due ones are left. A fired timer is not
  /// running any more and may be added again by the callback.
  template <class Fire>
  bool advance(std::uint64_t now_ns, unsigned budget, Fire&& fire) {
    const std::uint64_t target = now_ns / tick_ns_;
    while (true) {
      while (due_ != kEnd) {
        if (budget == 0) return true;
        --budget;
        const std::uint32_t id = due_;
        due_ = next_[id];
        next_[id] = kIdle;
        fire(id);
      }
      if (tick_ >= target) return false;
      ++tick_;
      std::swap(due_, slots_[tick_ & kMask]);
    }
  }

 private:
  static constexpr std::uint32_t kSlots = 4096;
  static constexpr std::uint32_t kMask = kSlots - 1;
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  static constexpr std::uint32_t kIdle = UINT32_MAX - 1;

  std::uint64_t tick_ns_;
  std::uint64_t tick_;
  std::uint32_t due_ = kEnd;
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint32_t> next_;
};

}  // namespace penstock::engine
