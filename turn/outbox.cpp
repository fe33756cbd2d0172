#include "turn/outbox.h"

#include <bit>

namespace penstock::turn {

Outbox::Outbox(Host& host, std::uint16_t workers, std::uint32_t capacity)
    : host_(host), mask_(std::bit_ceil(std::uint64_t{capacity}) - 1) {
  queues_.reserve(workers);
  for (std::uint16_t i = 0; i < workers; ++i) {
    queues_.emplace_back(workers == 1 ? 1U : static_cast<std::uint32_t>(mask_ + 1));
  }
}

bool Outbox::post(std::uint16_t worker, const engine::Message& message) {
  if (try_post(worker, message)) return true;
  Queue& queue = queues_[worker];
  if (queue.last - queue.first > mask_) return false;
  queue.messages[queue.last++ & mask_] = message;
  return true;
}

bool Outbox::flush() {
  bool left = false;
  for (std::uint16_t worker = 0; worker < queues_.size(); ++worker) {
    Queue& queue = queues_[worker];
    while (!queue.empty() && host_.post(worker, queue.messages[queue.first & mask_])) ++queue.first;
    if (queue.empty()) queue.first = queue.last = 0;  // the next to wait use memory that has been touched before
    left |= !queue.empty();
  }
  return left;
}

}  // namespace penstock::turn
