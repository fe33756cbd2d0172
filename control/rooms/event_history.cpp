#include "control/rooms/event_history.h"

#include <charconv>
#include <optional>
#include <utility>

namespace penstock::control::rooms {

struct EventHistory::Listeners {
  std::uint64_t next = 0;
  // A listener may end its own listening: it stays alive through its call.
  std::map<std::uint64_t, std::shared_ptr<Listener>> by_number;
};

EventHistory::EventHistory(std::string epoch, std::size_t capacity)
    : epoch_(std::move(epoch)), capacity_(capacity), listeners_(std::make_shared<Listeners>()) {}

std::string EventHistory::id(std::uint64_t number) const {
  return epoch_ + "-" + std::to_string(number);
}

Resumption EventHistory::replay(std::string_view last_id, const Listener& each) const {
  if (!last_id.starts_with(epoch_) || last_id.size() <= epoch_.size() + 1 || last_id[epoch_.size()] != '-') {
    return Resumption::foreign;
  }
  const std::string_view digits = last_id.substr(epoch_.size() + 1);
  std::uint64_t last = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), last);
  if (error != std::errc{} || end != digits.data() + digits.size() || last > latest()) return Resumption::foreign;
  const std::uint64_t oldest = next_ - events_.size();
  if (last + 1 < oldest) return Resumption::gap;
  for (std::size_t i = last + 1 - oldest; i < events_.size(); ++i) each(events_[i]);
  return Resumption::complete;
}

EventHistory::Ticket EventHistory::listen(Listener listener) {
  const std::uint64_t number = listeners_->next++;
  listeners_->by_number.emplace(number, std::make_shared<Listener>(std::move(listener)));
  std::weak_ptr<Listeners> all = listeners_;
  // Only the deleter matters; the pointer must not be null for a shared_ptr to be worth testing.
  return Ticket(this, [all = std::move(all), number](void*) {
    if (const auto listeners = all.lock()) listeners->by_number.erase(number);
  });
}

void EventHistory::publish(Event event) {
  waiting_.push_back(std::move(event));
  if (delivering_) return;
  delivering_ = true;
  // A listener that throws must not silence the history for good: what waits comes with the next event.
  const struct Done {
    bool& delivering;
    ~Done() { delivering = false; }
  } done{delivering_};
  while (!waiting_.empty()) {
    Event next = std::move(waiting_.front());
    waiting_.pop_front();
    deliver(std::move(next));
  }
}

void EventHistory::deliver(Event event) {
  event.number = next_++;
  events_.push_back(std::move(event));
  if (events_.size() > capacity_) events_.pop_front();
  const Event& told = events_.back();
  auto& all = listeners_->by_number;
  const std::uint64_t until = listeners_->next;  // those who come meanwhile hear the next one
  for (auto it = all.begin(); it != all.end() && it->first < until;) {
    const std::uint64_t number = it->first;
    const std::shared_ptr<Listener> listener = it->second;
    (*listener)(told);
    it = all.upper_bound(number);
  }
}

std::size_t EventHistory::listeners() const {
  return listeners_->by_number.size();
}

}  // namespace penstock::control::rooms
