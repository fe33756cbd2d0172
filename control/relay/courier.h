#pragma once
// Control's letters to the workers. A full lane delays them, never loses them (DESIGN.md, decision 7).

#include <deque>
#include <vector>

#include "dataplane/engine/post_office.h"

namespace penstock::control {

class Courier {
 public:
  /// `post_office` outlives the courier.
  explicit Courier(engine::PostOffice& post_office) : post_office_(post_office), backlog_(post_office.workers()) {}

  /// To every worker, in the order of the calls.
  void post_all(const engine::Message& message) {
    for (auto& letters : backlog_) letters.push_back(message);
    deliver();
  }

  /// To one worker, in the order of the calls.
  void post(std::uint16_t worker, const engine::Message& message) {
    backlog_[worker].push_back(message);
    deliver();
  }

  /// Sends what waits, as far as it fits. Call now and then.
  void deliver() {
    for (std::uint16_t worker = 0; worker < backlog_.size(); ++worker) {
      auto& letters = backlog_[worker];
      if (letters.empty()) continue;
      while (!letters.empty() && post_office_.send(engine::kControl, worker, letters.front())) letters.pop_front();
      post_office_.wake(worker);
    }
  }

 private:
  engine::PostOffice& post_office_;
  std::vector<std::deque<engine::Message>> backlog_;
};

}  // namespace penstock::control
