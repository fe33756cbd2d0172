// Events as they begin: what they are about.

#include "control/rooms/changes.h"

namespace penstock::control::rooms {

Event event_of(EventType type, const Room& room) {
  Event event;
  event.type = type;
  event.room = room.id;
  return event;
}

Event event_of(EventType type, const Endpoint& endpoint) {
  Event event = event_of(type, *endpoint.room);
  event.endpoint = endpoint.id;
  return event;
}

Event event_of(EventType type, const Track& track) {
  Event event = event_of(type, *track.endpoint);
  event.track = track.id;
  return event;
}

Event event_of(EventType type, const Subscription& subscription) {
  Event event = event_of(type, *subscription.endpoint);
  event.subscription = subscription.id;
  return event;
}

}  // namespace penstock::control::rooms
