#include "control/rooms/admission.h"
#include "control/rooms/changes.h"
#include "control/rooms/lease.h"
#include "control/rooms/move.h"
#include "control/rooms/placement.h"
#include "control/rooms/refuse.h"
#include "control/rooms/speakers.h"

namespace penstock::control::rooms {
namespace {

Verdict create(Batch& batch, const PutRoom& change) {
  State& state = batch.state();
  if (state.rooms.size() >= state.options.limits.rooms) {
    return refuse(ErrorKind::limit, "", "there are {} rooms already, which is the configuration's limit",
                  state.rooms.size());
  }
  auto room = std::make_shared<Room>();
  room->id = change.room;
  room->spec = change.spec;
  room->home = home_of_new_room(state);
  room->endpoints_by_worker.resize(state.workers.size());
  room->created_unix_ms = batch.now().unix_ms;
  batch.revise(*room);
  batch.insert(state.rooms, room);
  take_lease(batch, *room);
  batch.add(state.home_of(*room).population.rooms, +1);
  if (auto ok = seat_speakers(batch, *room); !ok) return tl::make_unexpected(std::move(ok.error()));
  batch.event(event_of(EventType::room_created, *room));
  return Applied{.created = true};
}

Verdict replace(Batch& batch, Room& room, const RoomSpec& spec) {
  const bool changed = room.spec != spec;
  if (changed) {
    drop_lease(batch, room);  // whose owner may be another now
    batch.assign(room.spec, spec);
    if (auto ok = seat_speakers(batch, room); !ok) return tl::make_unexpected(std::move(ok.error()));
    batch.revise(room);
    batch.event(event_of(EventType::room_updated, room));
  }
  take_lease(batch, room);
  return Applied{.changed = changed};
}

/// The room, once the precondition holds.
tl::expected<Room*, Error> addressed(Batch& batch, std::string_view id, const Precondition& precondition) {
  auto room = find_room(batch.state(), id);
  const auto revision = room ? std::optional((*room)->revision) : std::nullopt;
  if (auto ok = check(precondition, batch.state(), revision); !ok) return tl::make_unexpected(std::move(ok.error()));
  return room;
}

}  // namespace

Verdict apply(Batch& batch, const PutRoom& change, const Precondition& precondition) {
  if (auto ok = check_id("room", change.room); !ok) return tl::make_unexpected(std::move(ok.error()));
  if (auto ok = check(change.spec); !ok) return tl::make_unexpected(std::move(ok.error()));
  const auto there = batch.state().rooms.find(change.room);
  const bool exists = there != batch.state().rooms.end();
  const auto revision = exists ? std::optional(there->second->revision) : std::nullopt;
  if (auto ok = check(precondition, batch.state(), revision); !ok) return tl::make_unexpected(std::move(ok.error()));
  return exists ? replace(batch, *there->second, change.spec) : create(batch, change);
}

Verdict apply(Batch& batch, const DeleteRoom& change, const Precondition& precondition) {
  const auto room = addressed(batch, change.room, precondition);
  if (!room) return tl::make_unexpected(room.error());
  if (auto ok = check_not_moving(batch.state(), **room); !ok) return tl::make_unexpected(std::move(ok.error()));
  batch.event(event_of(EventType::room_deleted, **room));
  remove(batch, **room);
  return Applied{};
}

Verdict apply(Batch& batch, const RenewLease& change, const Precondition& precondition) {
  const auto room = addressed(batch, change.room, precondition);
  if (!room) return tl::make_unexpected(room.error());
  if (!(*room)->spec.lease) return conflict("", "room '{}' has no lease: it stays until it is deleted", change.room);
  take_lease(batch, **room);
  return Applied{.changed = false};
}

}  // namespace penstock::control::rooms
