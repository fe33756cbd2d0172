#pragma once
// What SIGTERM and SIGINT lead to: no new allocations, then the end. Time in, action out.

#include <chrono>
#include <cstdint>
#include <optional>

namespace penstock::control {

class Drain {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Action : std::uint8_t {
    none,
    begin,  ///< take no new allocations
    end,    ///< end all that are left
    stop,   ///< nothing is left, or it takes too long
  };

  /// A signal to end. The first begins the drain, the second ends it.
  Action on_signal(Time now, std::chrono::seconds deadline);
  /// Once in a while. `allocations`: that there are, or whose records are not yet taken; and whatever else goes on.
  Action on_tick(Time now, std::uint64_t allocations);

  bool draining() const { return state_ != State::serving; }
  bool ending() const { return state_ == State::ending; }

 private:
  // Ending every allocation and taking their records takes this long at most.
  static constexpr std::chrono::seconds kLastOrders{3};
  // A worker may not have heard of the drain yet and admit one more.
  static constexpr std::chrono::milliseconds kGrace{300};

  enum class State : std::uint8_t { serving, draining, ending, stopped };

  Action end(Time now);

  State state_ = State::serving;
  Time began_;
  Time deadline_;
};

}  // namespace penstock::control
