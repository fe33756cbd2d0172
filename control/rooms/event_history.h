#pragma once
// The latest events, for replay, and those who listen. Bounded: the oldest are forgotten, and who asks for them is
// told.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "control/rooms/event.h"

namespace penstock::control::rooms {

/// What a Last-Event-ID was worth.
enum class Resumption : std::uint8_t {
  complete,  ///< everything after it was replayed
  gap,       ///< of this epoch, but events after it are forgotten: read the model again
  foreign,   ///< of another epoch (a restart), or not an id: read the model again, and program it
};

class EventHistory {
 public:
  using Listener = std::function<void(const Event&)>;
  /// Ends the listening when it is destroyed, which may be within the listener, and after the history's end.
  using Ticket = std::shared_ptr<void>;

  /// `epoch`: random per process, 16 hexadecimal digits. Keeps `capacity` events.
  EventHistory(std::string epoch, std::size_t capacity);

  const std::string& epoch() const { return epoch_; }
  /// Of the latest event; 0 before the first.
  std::uint64_t latest() const { return next_ - 1; }
  /// "EPOCH-NUMBER": what goes into an SSE id field. Also of number 0, "before everything".
  std::string id(std::uint64_t number) const;

  /// Calls `each` for the kept events after `last_id`, oldest first; for none unless complete.
  Resumption replay(std::string_view last_id, const Listener& each) const;
  /// Calls `listener` for each event from now on, on the control thread, after the change was committed and posted. It
  /// may use the model, changes included: their events follow when all listeners have had this one.
  [[nodiscard]] Ticket listen(Listener listener);

  /// Numbers it, keeps it, tells the listeners.
  void publish(Event event);
  std::size_t listeners() const;
  std::size_t kept() const { return events_.size(); }

 private:
  struct Listeners;

  void deliver(Event event);

  std::string epoch_;
  std::size_t capacity_;
  std::uint64_t next_ = 1;
  std::deque<Event> events_;
  std::deque<Event> waiting_;  // published by listeners
  bool delivering_ = false;
  std::shared_ptr<Listeners> listeners_;
};

}  // namespace penstock::control::rooms
