#include "control/rooms/lease.h"

namespace penstock::control::rooms {

void take_lease(Batch& batch, Room& room) {
  drop_lease(batch, room);
  if (!room.spec.lease) return;
  const std::uint64_t duration_s = room.spec.lease->duration_s;
  batch.assign(room.lease_deadline_ns, batch.now().monotonic_ns + duration_s * 1'000'000'000);
  batch.assign(room.lease_expires_unix_ms, batch.now().unix_ms + duration_s * 1'000);
  batch.insert(batch.state().lease_deadlines, {room.lease_deadline_ns, &room});
  batch.insert(batch.state().rooms_by_owner, {room.spec.lease->owner, &room});
}

void extend_lease(Batch& batch, Room& room, std::uint64_t by_ns) {
  batch.erase(batch.state().lease_deadlines, {room.lease_deadline_ns, &room});
  batch.assign(room.lease_deadline_ns, batch.now().monotonic_ns + by_ns);
  batch.insert(batch.state().lease_deadlines, {room.lease_deadline_ns, &room});
}

void drop_lease(Batch& batch, Room& room) {
  if (room.lease_deadline_ns == 0) return;
  batch.erase(batch.state().lease_deadlines, {room.lease_deadline_ns, &room});
  batch.erase(batch.state().rooms_by_owner, {room.spec.lease->owner, &room});
  batch.assign(room.lease_deadline_ns, 0);
  batch.assign(room.lease_expires_unix_ms, 0);
}

}  // namespace penstock::control::rooms
