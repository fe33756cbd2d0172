#include "control/lifecycle/drain.h"

namespace penstock::control {

Drain::Action Drain::on_signal(Time now, std::chrono::seconds deadline) {
  if (state_ == State::serving) {
    state_ = State::draining;
    began_ = now;
    deadline_ = now + deadline;
    return Action::begin;
  }
  return state_ == State::draining ? end(now) : Action::none;
}

Drain::Action Drain::on_tick(Time now, std::uint64_t allocations) {
  if (state_ == State::serving || state_ == State::stopped) return Action::none;
  if (allocations == 0 && now >= began_ + kGrace) {
    state_ = State::stopped;
    return Action::stop;
  }
  if (now < deadline_) return Action::none;
  if (state_ == State::draining) return end(now);
  state_ = State::stopped;
  return Action::stop;
}

Drain::Action Drain::end(Time now) {
  state_ = State::ending;
  deadline_ = now + kLastOrders;
  return Action::end;
}

}  // namespace penstock::control
