#include "control/rooms/batch.h"

namespace penstock::control::rooms {

Batch::~Batch() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) (*undo)();
}

std::vector<Event> Batch::commit(UpdateSink& sink, Handshaker& handshaker) {
  for (std::size_t i = 0; i < at_end_.size(); ++i) at_end_[i]();
  // Before the workers hear of them, so that no DTLS datagram comes too early; in order, for the last word on an
  // endpoint counts.
  for (auto& request : handshakes_) {
    if (auto* peer = std::get_if<dtls::Peer>(&request)) {
      handshaker.add(std::move(*peer));
    } else if (const auto* moved = std::get_if<Moved>(&request)) {
      handshaker.move(moved->from, moved->to);
    } else {
      handshaker.remove(std::get<dtls::EndpointRef>(request));
    }
  }
  for (auto& [number, operations] : operations_) {
    Worker& worker = *state_.workers[number];
    auto update = std::make_unique<sfu::Update>();
    update->number = ++worker.posted;
    update->operations = std::move(operations);
    worker.in_flight.push_back(std::move(update));
    sink.post(number, worker.in_flight.back().get());
  }
  for (const Retiring& retiring : retire_) retiring.retire(state_.workers[retiring.worker]->posted);
  for (Event& event : events_) event.unix_ms = now_.unix_ms;
  undo_.clear();
  return std::move(events_);
}

}  // namespace penstock::control::rooms
