#pragma once
// A batch under way: the model changes as its steps are admitted, and changes back unless the batch is committed. What
// others are to be told waits in the outbox until then.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "control/rooms/event_history.h"
#include "control/rooms/handshaker.h"
#include "control/rooms/state.h"
#include "control/rooms/update_sink.h"

namespace penstock::control::rooms {

class Batch {
 public:
  Batch(State& state, Now now) : state_(state), now_(now) {}
  /// Takes everything back, unless commit() came first.
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  State& state() { return state_; }
  Now now() const { return now_; }

  /// `undo` is run, in reverse order with the others, when the batch is refused.
  void on_refusal(std::function<void()> undo) { undo_.push_back(std::move(undo)); }

  template <class T>
  void assign(T& variable, std::type_identity_t<T> value) {
    on_refusal([&variable, old = std::exchange(variable, std::move(value))] { variable = old; });
  }
  template <class T>
  void insert(std::set<T>& to, T value) {
    on_refusal([&to, value] { to.erase(value); });
    to.insert(std::move(value));
  }
  template <class T>
  void erase(std::set<T>& from, const T& value) {
    if (from.erase(value) != 0) on_refusal([&from, value] { from.insert(value); });
  }
  /// The object lives until the batch is over, whatever becomes of it: other undos may refer to it.
  template <class T>
  void insert(ById<T>& to, std::shared_ptr<T> object) {
    to.emplace(object->id, object);
    on_refusal([&to, kept = std::move(object)] { to.erase(kept->id); });
  }
  /// Likewise.
  template <class T>
  void erase(ById<T>& from, const T& object) {
    const auto it = from.find(object.id);
    on_refusal([&from, kept = it->second] { from.emplace(kept->id, kept); });
    from.erase(it);
  }
  void add(std::uint32_t& count, int by) { assign(count, count + static_cast<std::uint32_t>(by)); }
  /// The object's entity tag is another from now on.
  template <class T>
  void revise(T& object) {
    assign(state_.last_revision, state_.last_revision + 1);
    assign(object.revision, state_.last_revision);
  }

  /// A place in a worker's table, or nothing when it has none left. See SlotTable about `user`.
  template <class T>
  std::optional<Place> acquire(SlotTable<T>& table, T* user) {
    const auto place = table.acquire(user);
    if (place) on_refusal([&table, place = *place] { table.undo_acquire(place); });
    return place;
  }
  /// Gives a place of `worker` back; the operation that removes its user there is in this batch.
  template <class T>
  void vacate(std::uint16_t worker, SlotTable<T>& table, Place place) {
    on_refusal([&table, place, user = table.vacate(place)] { table.undo_vacate(place, user); });
    retire_.emplace_back([&table, place](std::uint64_t update) { table.retire(place, update); }, worker);
  }

  /// Gives a room's number on the SpeakerBoard back; what takes it from the tracks is in this batch.
  void vacate_seats(std::uint32_t number) {
    const auto retire = [this, number](std::uint64_t) { state_.seated_rooms.retire(number, state_.posted()); };
    retire_.emplace_back(retire, std::uint16_t{0});
  }

  void operation(std::uint16_t worker, sfu::Operation operation) {
    operations_[worker].push_back(std::move(operation));
  }
  void expect(dtls::Peer peer) { handshakes_.emplace_back(std::move(peer)); }
  void forget(const dtls::EndpointRef& endpoint) { handshakes_.emplace_back(endpoint); }
  void moved(const dtls::EndpointRef& from, const dtls::EndpointRef& to) { handshakes_.emplace_back(Moved{from, to}); }
  void event(Event event) { events_.push_back(std::move(event)); }

  /// `last` is run when all steps are admitted: it may add operations, and cannot fail.
  void at_end(std::function<void()> last) { at_end_.push_back(std::move(last)); }

  /// Posts the updates, then there is no way back. The events are the caller's to publish, once its loops are done.
  std::vector<Event> commit(UpdateSink& sink, Handshaker& handshaker);

 private:
  struct Moved {
    dtls::EndpointRef from, to;
  };
  struct Retiring {
    Retiring(std::function<void(std::uint64_t)> give_back, std::uint16_t of)
        : retire(std::move(give_back)), worker(of) {}
    std::function<void(std::uint64_t)> retire;
    std::uint16_t worker;
  };

  State& state_;
  Now now_;
  std::vector<std::function<void()>> undo_;
  std::vector<std::function<void()>> at_end_;
  std::map<std::uint16_t, std::vector<sfu::Operation>> operations_;
  std::vector<Retiring> retire_;
  std::vector<std::variant<dtls::Peer, dtls::EndpointRef, Moved>> handshakes_;  ///< to expect, to forget, to follow
  std::vector<Event> events_;
};

}  // namespace penstock::control::rooms
