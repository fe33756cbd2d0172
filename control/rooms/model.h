#pragma once
// What stands behind Rooms.

#include "control/rooms/batch.h"
#include "control/rooms/rooms.h"
#include "control/rooms/state.h"

namespace penstock::control::rooms {

class Rooms::Model {
 public:
  Model(Options options, UpdateSink& sink, Handshaker& handshaker);

  void commit(Batch& batch) { publish(batch.commit(sink, handshaker)); }
  void publish(std::vector<Event> events) {
    for (Event& event : events) history.publish(std::move(event));
  }
  Now now() const { return state.options.clock(); }

  UpdateSink& sink;
  Handshaker& handshaker;
  State state;
  EventHistory history;
};

}  // namespace penstock::control::rooms
