#pragma once
// Messages to other workers that must not be lost, while a mailbox may be full for a moment.

#include <cstdint>
#include <vector>

#include "dataplane/net/lazy_array.h"
#include "turn/host.h"

namespace penstock::turn {

/// A queue per destination, sized once. What it holds is bounded by nature: a question per waiting Allocate, an answer
/// per question another worker may have open, a lease per user and direction, two
/// releases per reservation.
class Outbox {
 public:
  Outbox(Host& host, std::uint16_t workers, std::uint32_t capacity);

  /// Sends now or later, in order. False when the queue is full, which the bound above rules out: a question is then
  /// asked again, an answer counted as lost.
  [[nodiscard]] bool post(std::uint16_t worker, const engine::Message& message);
  /// Sends now, or returns false: the caller keeps it as state of its own.
  bool try_post(std::uint16_t worker, const engine::Message& message) {
    return queues_[worker].empty() && host_.post(worker, message);
  }
  /// Sends what waits; true when some still does.
  bool flush();

 private:
  struct Queue {
    explicit Queue(std::uint32_t capacity) : messages(capacity) {}
    bool empty() const { return first == last; }
    net::LazyArray<engine::Message> messages;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };

  Host& host_;
  std::uint64_t mask_;
  std::vector<Queue> queues_;
};

}  // namespace penstock::turn
